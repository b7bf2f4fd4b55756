import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { BitRank } from './bit-rank.js';
import { BLOCK_BYTES } from './block.js';

const WIDTHS = [8, 6, 7, 5];

/** Gauss over whole numbers as bit strings. */
function rankDefined(block: Uint8Array, words: number): number {
  const basis: bigint[] = [];
  for (let row = 0; row < 32 * words; row++) {
    const hex = Buffer.from(block.subarray(row * 4 * words, (row + 1) * 4 * words)).toString('hex');
    let value = BigInt(`0x${hex}`);
    for (const one of basis) if ((value ^ one) < value) value ^= one;
    if (value === 0n) continue;
    basis.push(value);
    basis.sort((a, b) => (a < b ? 1 : -1));
  }
  return basis.length;
}

/** Every `every`th byte is the xor of those since the last such one. */
function withParity(every: number): Buffer {
  const block = randomBytes(BLOCK_BYTES);
  for (let i = every - 1; i < block.length; i += every) {
    block[i] = block.subarray(i - every + 1, i).reduce((sum, byte) => sum ^ byte, 0);
  }
  return block;
}

describe('BitRank', () => {
  test('is that of the definition', () => {
    const rank = new BitRank();
    const blocks = [randomBytes(BLOCK_BYTES), withParity(4), withParity(6), Buffer.alloc(BLOCK_BYTES)];
    for (const block of blocks) {
      for (const words of WIDTHS) expect(new BitRank().rank(block, words)).toBe(rankDefined(block, words));
    }
    expect(rank.rank(Buffer.alloc(BLOCK_BYTES), 8)).toBe(0);
  });

  test.each([2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32])(
    'a parity byte in each %i is found within four blocks',
    (every) => {
      const rank = new BitRank();
      expect([1, 2, 3, 4].map(() => rank.test(withParity(every)))).toContain('hard');
    },
  );

  test('random bytes pass', () => {
    const rank = new BitRank();
    for (let i = 0; i < 400; i++) expect(rank.test(randomBytes(BLOCK_BYTES))).toBe('pass');
  });
});
