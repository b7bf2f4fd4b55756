import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encoded } from './encoded.js';

async function* chunksOf(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (const size of sizes) yield bytes.subarray(at, (at += size));
  yield bytes.subarray(at);
}

test.each(['hex', 'base64', 'base64url'] as const)('%s of chunks is that of the whole', async (encoding) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(40)), async (sizes) => {
      const bytes = randomBytes(400);
      let text = '';
      for await (const part of encoded(chunksOf(bytes, sizes), encoding)) text += part.toString();
      expect(text).toBe(bytes.toString(encoding));
    }),
  );
});

test('binary goes through as it is', async () => {
  const bytes = randomBytes(10);
  const parts: Uint8Array[] = [];
  for await (const part of encoded(chunksOf(bytes, [3]), 'binary')) parts.push(part as Buffer);
  expect(Buffer.concat(parts)).toEqual(bytes);
});
