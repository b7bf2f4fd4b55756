import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { MOST_BYTES } from './draws.js';
import { MixedDraws } from './mixed-draws.js';

/** Draws, and how many bytes of the gateway each took. */
function draws(): { readonly taken: number[]; readonly mixed: MixedDraws } {
  const taken: number[] = [];
  const mixed = new MixedDraws(async (count) => {
    taken.push(count);
    return randomBytes(count);
  });
  return { taken, mixed };
}

describe('MixedDraws', () => {
  test('the largest draws need no more bytes than one answer of the gateway may have', async () => {
    const { taken, mixed } = draws();
    const alphabet = Array.from({ length: 129 }, (_, i) => String.fromCodePoint(0x100 + i)).join('');
    const safe = Number.MAX_SAFE_INTEGER;
    await mixed.integers({ count: 1000, min: -(2 ** 52), max: 2 ** 52, unique: true });
    await mixed.integers({ count: 1000, min: -safe, max: safe });
    await mixed.floats({ count: 1000 });
    await mixed.gaussians({ count: 1000 });
    await mixed.strings({ count: 100, length: 256, alphabet });
    await mixed.uuids({ count: 100, version: 7 });
    await mixed.permutation({ n: 10_000 });
    await mixed.bytes(MOST_BYTES);
    expect(taken).toHaveLength(8);
    expect(Math.max(...taken)).toBeLessThanOrEqual(MOST_BYTES);
  });

  test('give what was asked for', async () => {
    const { mixed } = draws();
    expect(await mixed.bytes(33)).toHaveLength(33);
    expect(
      (await mixed.integers({ count: 49, min: 1, max: 49, unique: true })).sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 49 }, (_, i) => i + 1));
    expect(await mixed.strings({ count: 2, length: 5, alphabet: 'aä' })).toEqual(
      [expect.anything(), expect.anything()].map(() => expect.stringMatching(/^[aä]{5}$/)),
    );
    expect(await mixed.integers({ count: 2, min: 5, max: 5 })).toEqual([5, 5]);
  });

  test('fail when the gateway does', async () => {
    const mixed = new MixedDraws(() => Promise.reject(new Error('no gateway')));
    await expect(mixed.floats()).rejects.toThrow('no gateway');
    await expect(mixed.bytes(1)).rejects.toThrow('no gateway');
  });
});
