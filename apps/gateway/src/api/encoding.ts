/** The encodings of `GET /api/random`. */

export const ENCODINGS = ['hex', 'base64', 'base64url', 'binary'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** Texts from this length on go out as a buffer: Node needs two thirds more time to send 128 KiB of a string. */
const LONG_TEXT = 8192;

/** The body in this encoding. The bytes are wiped once they are encoded; a JavaScript string cannot be. */
export function encode(bytes: Buffer, encoding: Encoding): string | Buffer {
  if (encoding === 'binary') return bytes;
  const text = bytes.toString(encoding);
  bytes.fill(0);
  return text.length < LONG_TEXT ? text : Buffer.from(text, 'latin1');
}

/** How many bytes the body has. */
export function encodedLength(bytes: number, encoding: Encoding): number {
  switch (encoding) {
    case 'hex':
      return bytes * 2;
    case 'base64':
      return Math.ceil(bytes / 3) * 4;
    case 'base64url':
      return Math.ceil((bytes * 4) / 3);
    case 'binary':
      return bytes;
  }
}

/** The media type of the body. */
export function mediaType(encoding: Encoding): string {
  return encoding === 'binary' ? 'application/octet-stream' : 'text/plain; charset=utf-8';
}
