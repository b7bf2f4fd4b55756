/** Writes bytes as text while they come. */

export const ENCODINGS = ['hex', 'base64', 'base64url', 'binary'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** The chunks in this encoding; joined, they are what the bytes as a whole would be. */
export async function* encoded(
  chunks: AsyncIterable<Buffer>,
  encoding: Encoding,
): AsyncGenerator<string | Buffer, void, void> {
  if (encoding === 'binary') {
    yield* chunks;
    return;
  }
  const unit = encoding === 'hex' ? 1 : 3; // bytes that make whole characters
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % unit);
    yield bytes.toString(encoding, 0, whole);
    rest = bytes.subarray(whole);
  }
  yield rest.toString(encoding);
}
