/** The encodings of `GET /api/random`. */

export const ENCODINGS = ['hex', 'base64', 'base64url', 'binary'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** The body in this encoding. The bytes are wiped once they are encoded; a JavaScript string cannot be. */
export function encode(bytes: Buffer, encoding: Encoding): string | Buffer {
  if (encoding === 'binary') return bytes;
  const text = bytes.toString(encoding);
  bytes.fill(0);
  return text;
}

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

export function mediaType(encoding: Encoding): string {
  return encoding === 'binary' ? 'application/octet-stream' : 'text/plain; charset=utf-8';
}

/**
 * The encoding that an Accept header asks for (RFC 9110, 12.5.1), `hex` or `binary`: whichever media type has the higher
 * quality, and of two with the same the one that it names more exactly. Text on a tie, and where it wants neither:
 * generated clients send the types of errors alone.
 */
export function acceptedEncoding(accept: string | undefined): 'hex' | 'binary' {
  if (accept === undefined || !/octet-stream|application\/\*/i.test(accept)) return 'hex';
  const binary = preference(accept, 'application', 'octet-stream');
  const text = preference(accept, 'text', 'plain');
  if (binary.quality !== text.quality) return binary.quality > text.quality ? 'binary' : 'hex';
  return binary.quality > 0 && binary.at < text.at ? 'binary' : 'hex';
}

/** The quality of the most specific range that the type is in, and how specific that is (0 the type itself); quality 0 if there is none. */
function preference(accept: string, type: string, subtype: string): { at: number; quality: number } {
  const ranges = [`${type}/${subtype}`, `${type}/*`, '*/*'];
  let best = { at: ranges.length, quality: 0 };
  for (const item of accept.split(',')) {
    const [range = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    const at = ranges.indexOf(range);
    if (at === -1 || at >= best.at) continue;
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
    best = { at, quality: /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight) : 0 };
  }
  return best;
}
