/** The encodings of `GET /api/random`. */

export const ENCODINGS = ['hex', 'base64', 'base64url', 'binary'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** The body in this encoding. The bytes are wiped once they are encoded; the text, a JavaScript string, cannot be. */
export function encode(bytes: Buffer, encoding: Encoding): string | Buffer {
  if (encoding === 'binary') return bytes;
  const text = bytes.toString(encoding);
  bytes.fill(0);
  return text;
}
