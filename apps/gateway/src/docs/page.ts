/** The page at /docs: Swagger UI, reading /docs-json. */
import { ICON, LOGO } from './mark.js';
import { BAR, plugin, STYLE } from './swagger-page.js';

export const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <title>QRNG-DD API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
    <style>
      ${STYLE}
    </style>
    <link rel="icon" href="${ICON}" />
  </head>
  <body>
    <header class="qrng-bar"><strong>${LOGO} QRNG-DD</strong> ${BAR}</header>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

/** A file of its own: the page's policy allows no script in the page. */
export const START_SCRIPT = `const dark = matchMedia('(prefers-color-scheme: dark)');
const paint = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', paint);
paint();
// Names, for screen readers, what Swagger UI leaves without one. "Apply credentials" is not what that button says.
new MutationObserver(() => {
  for (const row of document.querySelectorAll('[data-param-name]')) row.querySelector('select')?.setAttribute('aria-label', row.dataset.paramName);
  for (const select of document.querySelectorAll('.examples-select-element')) select.setAttribute('aria-label', 'Example');
  document.querySelector('.close-modal')?.setAttribute('aria-label', 'Close');
  for (const button of document.querySelectorAll('.modal-btn.authorize[aria-label]')) button.removeAttribute('aria-label');
}).observe(document.getElementById('swagger-ui'), { childList: true, subtree: true });
SwaggerUIBundle({
  url: '/docs-json',
  dom_id: '#swagger-ui',
  plugins: [${plugin.toString()}],
  deepLinking: true,
  showCommonExtensions: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
`;

/**
 * What the page may do: its own scripts and styles, requests to this gateway, nothing else. Swagger UI writes styles into
 * its elements. No upgrade-insecure-requests: it would break the page behind a proxy that speaks plain HTTP.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const PAGE_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
} as const;
