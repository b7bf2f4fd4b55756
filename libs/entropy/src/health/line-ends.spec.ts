import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { BLOCK_BYTES } from './block.js';
import { LineEnds } from './line-ends.js';

const without = (): Buffer => randomBytes(BLOCK_BYTES).map((byte) => (byte === 0x0d ? 0 : byte)) as Buffer;

test('384 blocks without carriage return and line feed are a window without, time and again', () => {
  const ends = new LineEnds();
  for (let i = 1; i <= 3 * 384; i++) expect(ends.test(without())).toBe(i % 384 === 0);
});

test.each([0, 200, 383])('a window that has one at block %i is like others', (at) => {
  const ends = new LineEnds();
  for (let i = 0; i < 384; i++) {
    const block = without();
    if (i === at) block.write('\r\n', 4000);
    expect(ends.test(block)).toBe(false);
  }
});

test('random bytes have one in eight blocks', () => {
  const ends = new LineEnds();
  for (let i = 0; i < 2000; i++) expect(ends.test(randomBytes(BLOCK_BYTES))).toBe(false);
});
