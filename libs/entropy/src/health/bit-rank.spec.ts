import { randomBytes, randomInt } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { BitRank, SPARE_ROWS } from './bit-rank.js';
import { BLOCK_BYTES } from './block.js';

/** Gauss over whole numbers as bit strings. */
function rankDefined(rows: readonly Uint8Array[]): number {
  const basis: bigint[] = [];
  for (const row of rows) {
    let value = BigInt(`0x${Buffer.from(row).toString('hex')}`);
    for (const one of basis) if ((value ^ one) < value) value ^= one;
    if (value === 0n) continue;
    basis.push(value);
    basis.sort((a, b) => (a < b ? 1 : -1));
  }
  return basis.length;
}

/** A stream from any place on, in which `close` makes the last byte of each `size` of the bytes before it. */
function framed(size: number, close: (frame: Uint8Array) => number): () => Buffer {
  let rest = randomInt(size);
  return () => {
    const bytes = randomBytes(rest + BLOCK_BYTES + size);
    for (let end = size; end <= bytes.length; end += size) {
      bytes[end - 1] = close(bytes.subarray(end - size, end));
    }
    const block = bytes.subarray(rest, rest + BLOCK_BYTES);
    rest = (rest + BLOCK_BYTES) % size;
    return block;
  };
}

const xor = (frame: Uint8Array): number => frame.subarray(0, -1).reduce((sum, byte) => sum ^ byte, 0);
const sum = (frame: Uint8Array): number => frame.subarray(0, -1).reduce((all, byte) => all + byte, 0);
/** The last byte with its lowest bit such that all bits of the frame are even. */
const even = (frame: Uint8Array): number => {
  let bits = frame.reduce((all, byte) => all ^ byte, 0);
  for (const half of [4, 2, 1]) bits ^= bits >> half;
  return (frame.at(-1) ?? 0) ^ (bits & 1);
};
const CLOSING = { 'an xor': xor, 'a sum': sum, 'a parity bit': even };
const TURNS = 15;

describe('BitRank', () => {
  test.each([true, false])(
    'a rank that is not full is found (%s), as by the definition: 320 rows of 32 bytes',
    (wrong) => {
      const bytes = randomBytes(2 * BLOCK_BYTES);
      if (wrong) for (let at = 0; at < bytes.length; at += 32) bytes[at + 20] = bytes[at + 3] ?? 0;
      const rows = Array.from({ length: 256 + SPARE_ROWS }, (_, i) => bytes.subarray(32 * i, 32 * i + 32));
      expect(rankDefined(rows) < 256).toBe(wrong);
      const rank = new BitRank();
      expect(rank.test(bytes.subarray(0, BLOCK_BYTES))).toBe(false);
      expect(rank.test(bytes.subarray(BLOCK_BYTES))).toBe(wrong);
    },
  );

  test.each([
    ...[2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16].map((size) => [size, 'an xor'] as const),
    ...[4, 9, 13, 16].map((size) => [size, 'a sum'] as const),
    ...[4, 9, 14, 16].map((size) => [size, 'a parity bit'] as const),
  ])('packets of %i bytes that %s closes, wherever they begin, are found within a round', (size, name) => {
    const rank = new BitRank();
    const blocks = framed(size, CLOSING[name]);
    expect(Array.from({ length: TURNS + 1 }, () => rank.test(blocks()))).toContain(true);
  });

  test('it goes on with what it found', () => {
    const rank = new BitRank();
    const blocks = framed(9, xor);
    let turns = 0;
    while (!rank.test(blocks())) turns++;
    expect(turns).toBeLessThanOrEqual(TURNS);
    expect(rank.test(blocks())).toBe(true);
  });

  test('random bytes pass', () => {
    const rank = new BitRank();
    for (let i = 0; i < 400; i++) expect(rank.test(randomBytes(BLOCK_BYTES))).toBe(false);
  });
});
