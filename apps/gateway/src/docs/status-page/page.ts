/** The status page at /. */
import { ownDocument } from '../own-document.js';
import { BODY } from './markup.js';
import { SCRIPT } from './script.js';
import { STYLE } from './style.js';

export const { page: STATUS_PAGE, headers: STATUS_PAGE_HEADERS } = ownDocument({
  title: 'QRNG-DD status',
  style: STYLE,
  body: BODY,
  script: SCRIPT,
  connects: true,
});
