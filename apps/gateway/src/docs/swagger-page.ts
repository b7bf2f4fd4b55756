/** What Swagger UI looks like here: the product's own bar, code samples, and a layout that fits a phone. */

type CreateElement = (type: unknown, props: object | null, ...children: unknown[]) => unknown;

/** The parts of Swagger UI's system that the plugin uses. */
interface System {
  readonly React: { readonly createElement: CreateElement };
  readonly specSelectors: {
    specJson(): { getIn(path: readonly string[]): Iterable<CodeSample> | undefined };
  };
}

/** A sample, in a map of Immutable.js. */
interface CodeSample {
  get(name: 'label' | 'source'): string;
}

interface ResponsesProps {
  readonly path: string;
  readonly method: string;
}

/** The links of the bar above Swagger UI. */
export const BAR =
  '<nav aria-label="Documentation"><a href="/">Status</a> <a href="/docs/api.md">Guide</a> <a href="/receipts">Receipts</a> <a href="/docs-json">OpenAPI</a></nav>';

/** A plugin of Swagger UI. It is sent to the browser as text, so it can use nothing of this file. */
export function plugin(): object {
  /** The component in a landmark, and what comes after it. */
  const named =
    (name: string, then?: (createElement: CreateElement) => unknown) =>
    (original: unknown, { React: { createElement } }: System) =>
    (props: object) =>
      createElement('section', { 'aria-label': name }, createElement(original, props), then?.(createElement));
  return {
    wrapComponents: {
      // A link inside of the button that opens an operation; the button alone does both.
      DeepLink:
        (_original: unknown, { React: { createElement } }: System) =>
        ({ text }: { text: string }) =>
          createElement('span', null, text),
      InfoContainer: named('About', (createElement) =>
        createElement('h2', { className: 'qrng-unseen' }, 'Operations'),
      ),
      AuthorizeBtnContainer: named('Authorization'),
      responses:
        (original: unknown, { React: { createElement }, specSelectors }: System) =>
        (props: ResponsesProps) => {
          const samples = specSelectors
            .specJson()
            .getIn(['paths', props.path, props.method, 'x-codeSamples']);
          return createElement(
            'div',
            null,
            Array.from(samples ?? [], (sample) =>
              createElement(
                'details',
                { className: 'qrng-sample', key: sample.get('label') },
                createElement('summary', null, sample.get('label')),
                createElement('pre', null, sample.get('source')),
              ),
            ),
            createElement(original, props),
          );
        },
    },
  };
}

export const STYLE = `
body { margin: 0; }
html.dark-mode, html.dark-mode body { background: #1c2022; }
.qrng-bar { display: flex; flex-wrap: wrap; gap: 4px 24px; align-items: center; padding: 14px 20px; background: #14213d;
  color: #fff; font: 16px/1.4 system-ui, sans-serif; }
.qrng-bar strong { display: flex; align-items: center; gap: 8px; font-size: 20px; letter-spacing: .02em; }
.qrng-bar .logo { width: 28px; height: 28px; }
.qrng-bar nav { display: flex; flex-wrap: wrap; gap: 4px 20px; }
.qrng-bar a { color: #b9d4ff; }
.qrng-unseen { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
.swagger-ui .info { margin: 28px 0; }
.swagger-ui .response-col_links, .swagger-ui .schemes .servers-title, .swagger-ui .schemes .servers { display: none; }
.qrng-sample { margin: 0 20px 8px; font: 14px/1.5 system-ui, sans-serif; }
.qrng-sample summary { cursor: pointer; }
.qrng-sample pre { margin: 4px 0; padding: 12px; border-radius: 4px; white-space: pre-wrap; overflow-wrap: anywhere; background: #1f2733; color: #f2f5fa;
  font: 12px/1.5 ui-monospace, monospace; }
/* Colours with the contrast that WCAG asks for. */
.swagger-ui .info .title small { background: #5b6373; }
.swagger-ui .info .title small.version-stamp { background: #4a6a00; }
.swagger-ui .opblock.opblock-get .opblock-summary-method { background: #1b5fa8; }
.swagger-ui .opblock.opblock-post .opblock-summary-method { background: #11703c; }
.swagger-ui .btn.execute { background: #1b5fa8; border-color: #1b5fa8; color: #fff; }
.swagger-ui .highlight-code .microlight span[style*="211, 99, 99"] { color: #ffb3a7 !important; }
html.dark-mode .swagger-ui :is(.parameter__in, .parameter__extension, .header-col) { color: #b8bec8; }
html:not(.dark-mode) .swagger-ui .info a, html:not(.dark-mode) .swagger-ui .info .link { color: #1b5fa8; }
html:not(.dark-mode) .swagger-ui .btn.authorize { border-color: #11703c; color: #11703c; }
html:not(.dark-mode) .swagger-ui .btn.authorize span { color: #11703c; }
html:not(.dark-mode) .swagger-ui .btn.cancel { border-color: #b3261e; color: #b3261e; }
html:not(.dark-mode) .swagger-ui :is(.parameter__in, .parameter__extension, .json-schema-2020-12-expand-deep-button) { color: #555; }
@media (max-width: 640px) {
  .swagger-ui .wrapper { padding: 0 10px; }
  .swagger-ui .opblock .opblock-summary { flex-wrap: wrap; }
  .swagger-ui .opblock-summary-control { flex-wrap: wrap; }
  .swagger-ui .opblock .opblock-summary-method { min-width: 56px; padding: 6px 0; }
  .swagger-ui .opblock .opblock-summary-path { max-width: none; flex-shrink: 1; }
  .swagger-ui .opblock .opblock-summary-description { flex-basis: 100%; padding: 4px 10px; }
  .swagger-ui .opblock-tag small { padding: 0 10px; }
  .swagger-ui table.parameters, .swagger-ui table.parameters tbody, .swagger-ui table.parameters tr,
  .swagger-ui table.parameters td { display: block; width: auto; max-width: none; }
  .swagger-ui table.parameters thead { display: none; }
  .swagger-ui table tbody tr td:first-of-type { min-width: 0; width: auto; padding: 8px 0 0; max-width: none; }
  .swagger-ui .parameters-col_description input[type=text], .swagger-ui .parameters-col_description select { max-width: 100%; width: 100%; }
  .swagger-ui .responses-table .response-col_status { min-width: 44px; padding-right: 8px; }
  .swagger-ui .response .headers-wrapper, .swagger-ui .response__extension { display: none; }
  .swagger-ui .responses-inner { padding: 10px; }
  .swagger-ui .opblock-body pre.microlight, .swagger-ui .highlight-code { max-width: 78vw; overflow-x: auto; }
}`;
