/** What Swagger UI looks like here: the product's own bar, code samples, and a layout that fits a phone. */
/** The parts of Swagger UI's system that the plugin uses. */
interface System {
  readonly React: { createElement(type: unknown, props: object | null, ...children: unknown[]): unknown };
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

/** A plugin of Swagger UI. It is sent to the browser as text, so it can use nothing of this file. */
export function plugin(): object {
  const links = [
    ['/', 'Status'],
    ['/docs/api.md', 'Guide'],
    ['/docs-json', 'OpenAPI'],
  ];
  return {
    wrapComponents: {
      Topbar:
        (_original: unknown, { React: { createElement } }: System) =>
        () =>
          createElement(
            'header',
            { className: 'qrng-bar' },
            createElement('strong', null, 'QRNG-DD'),
            createElement(
              'nav',
              null,
              links.map(([href, text]) => createElement('a', { href, key: href }, text)),
            ),
          ),
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
.swagger-ui .qrng-bar { display: flex; flex-wrap: wrap; gap: 4px 24px; align-items: baseline; padding: 14px 20px; background: #14213d;
  color: #fff; font: 16px/1.4 system-ui, sans-serif; }
.qrng-bar strong { font-size: 20px; letter-spacing: .02em; }
.qrng-bar nav { display: flex; gap: 20px; }
.qrng-bar a { color: #b9d4ff; }
.swagger-ui .info { margin: 28px 0; }
.swagger-ui .response-col_links, .swagger-ui .schemes .servers-title, .swagger-ui .schemes .servers { display: none; }
.qrng-sample { margin: 0 20px 8px; font: 14px/1.5 system-ui, sans-serif; color: #3b4151; }
.qrng-sample summary { cursor: pointer; }
.qrng-sample pre { margin: 4px 0; padding: 12px; border-radius: 4px; overflow-x: auto; background: #1f2733; color: #f2f5fa;
  font: 12px/1.5 ui-monospace, monospace; }
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
