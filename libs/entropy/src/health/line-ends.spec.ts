import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { BLOCK_BYTES } from './block.js';
import { LineEnds } from './line-ends.js';

const without = (): Buffer => randomBytes(BLOCK_BYTES).map((byte) => (byte === 0x0d ? 0 : byte)) as Buffer;

test('384 blocks in a row without carriage return and line feed are one too many', () => {
  const ends = new LineEnds();
  for (let i = 0; i < 383; i++) expect(ends.test(without())).toBe(false);
  expect(ends.test(without())).toBe(true);
});

test('a block with one begins the count again', () => {
  const ends = new LineEnds();
  for (let i = 0; i < 383; i++) ends.test(without());
  const block = without();
  block.write('\r\n', 4000);
  expect(ends.test(block)).toBe(false);
  for (let i = 0; i < 383; i++) expect(ends.test(without())).toBe(false);
});

test('random bytes have one in eight blocks', () => {
  const ends = new LineEnds();
  for (let i = 0; i < 2000; i++) expect(ends.test(randomBytes(BLOCK_BYTES))).toBe(false);
});
