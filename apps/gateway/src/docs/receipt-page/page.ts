/** The receipt page at /receipts: one document that verifies receipts in the browser; its policy lets it send nothing. */
import { ownDocument } from '../own-document.js';
import { STYLE } from '../status-page/style.js';
import { BODY } from './markup.js';
import { SCRIPT } from './script.js';

const FORM_STYLE = `
main { display: grid; gap: 16px; margin-top: 16px; padding-bottom: 32px; }
textarea { display: block; width: 100%; margin: 6px 0 14px; padding: 10px; font: .9rem/1.4 ui-monospace, monospace; color: inherit;
  background: var(--back); border: 1px solid var(--quiet); border-radius: 8px; overflow-wrap: anywhere; }
#log-key, #about { font: .9rem/1.4 ui-monospace, monospace; }
button + p { margin-top: .75rem; }
li:has(.up)::marker { content: '✓  '; color: var(--good); }
li:has(.down)::marker { content: '✗  '; color: var(--bad); }
#steps { margin: 0 0 12px; padding-left: 20px; overflow-wrap: anywhere; }
`;

export const { page: RECEIPT_PAGE, headers: RECEIPT_PAGE_HEADERS } = ownDocument({
  title: 'QRNG-DD receipts',
  style: STYLE + FORM_STYLE,
  body: BODY,
  script: SCRIPT,
  connects: false,
});
