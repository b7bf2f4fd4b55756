/** The status page at /: one document, whose policy allows its own script and style by their hashes and nothing else. */
import { createHash } from 'node:crypto';
import { PAGE_HEADERS } from '../page.js';
import { BODY } from './markup.js';
import { SCRIPT } from './script.js';
import { STYLE } from './style.js';

export const STATUS_PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>QRNG-DD status</title>
    <link rel="icon" href="data:,">
    <style>${STYLE}</style>
  </head>
  <body>${BODY}
    <script>${SCRIPT}</script>
  </body>
</html>
`;

export const STATUS_PAGE_HEADERS = {
  ...PAGE_HEADERS,
  'content-security-policy': [
    "default-src 'none'",
    `script-src ${hashed(SCRIPT)}`,
    `style-src ${hashed(STYLE)}`,
    'img-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
} as const;

function hashed(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
