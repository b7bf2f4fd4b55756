/** A page that is one document, whose policy allows its own script and style by their hashes and nothing else. */
import { createHash } from 'node:crypto';
import { ICON } from './mark.js';
import { PAGE_HEADERS } from './page.js';

interface Parts {
  readonly title: string;
  readonly style: string;
  readonly body: string;
  readonly script: string;
  /** Whether it may ask this gateway. */
  readonly connects: boolean;
}

export function ownDocument({ title, style, body, script, connects }: Parts): {
  readonly page: string;
  readonly headers: Readonly<Record<string, string>>;
} {
  const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>${title}</title>
    <link rel="icon" href="${ICON}">
    <style>${style}</style>
  </head>
  <body>${body}
    <script>${script}</script>
  </body>
</html>
`;
  const policy = [
    "default-src 'none'",
    `script-src ${hashed(script)}`,
    `style-src ${hashed(style)}`,
    'img-src data:',
    `connect-src ${connects ? "'self'" : "'none'"}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return { page, headers: { ...PAGE_HEADERS, 'content-security-policy': policy } };
}

function hashed(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
