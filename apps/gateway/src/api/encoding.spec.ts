import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { encode, encodedLength, ENCODINGS } from './encoding.js';

const TEXTS = ENCODINGS.filter((encoding) => encoding !== 'binary');

test.each(ENCODINGS)('%s has the length that is told, as text and as a buffer', (encoding) => {
  for (const bytes of [1, 2, 3, 4000, 8191, 8192, 65_536]) {
    expect(Buffer.byteLength(encode(randomBytes(bytes), encoding))).toBe(encodedLength(bytes, encoding));
  }
});

test.each(TEXTS)('%s leads back to the bytes, which are wiped', (encoding) => {
  for (const count of [32, 65_536]) {
    const bytes = randomBytes(count);
    const copy = Buffer.from(bytes);
    expect(Buffer.from(encode(bytes, encoding).toString(), encoding).equals(copy)).toBe(true);
    expect(bytes.equals(Buffer.alloc(count))).toBe(true);
  }
});
