/**
 * Uniformity as a proof, not as a statistic: over all supplies of 16 bits each result comes equally often,
 * exactly.
 *
 * Supplies that run out before the drawing is done are left out. Nothing is hidden in them: their share
 * shrinks with every further bit, and by the same argument each result comes equally often among those that
 * are done by then.
 */
import { describe, expect, test } from '@jest/globals';
import { Bits } from './bits.js';
import { integers } from './integers.js';
import { permutation } from './permutation.js';
import type { Sample } from './sample.js';
import { strings } from './strings.js';

/** Thrown by a supply that is used up; made once, since it is thrown a million times. */
const EMPTY = new Error('empty');

/** How often each result comes over all supplies of two bytes. */
function overAllSupplies(draw: (bits: Bits) => unknown): Map<string, number> {
  const counts = new Map<string, number>();
  for (let supply = 0; supply < 65_536; supply++) {
    const left = [supply >> 8, supply & 255];
    const bits = new Bits(() => {
      const byte = left.shift();
      if (byte === undefined) throw EMPTY;
      return Uint8Array.of(byte);
    }, 1);
    try {
      const result = String(draw(bits));
      counts.set(result, (counts.get(result) ?? 0) + 1);
    } catch (error) {
      if (error !== EMPTY) throw error;
    }
  }
  return counts;
}

describe('over all supplies of 16 bits, each result comes equally often', () => {
  test.each([1, 2, 3, 6, 7, 101, 128, 1000])('one of %d numbers', (size) => {
    const counts = overAllSupplies((bits) => bits.uniform(size - 1));
    expect(counts.size).toBe(size);
    expect(new Set(counts.values()).size).toBe(1);
  });

  test.each<[string, number, Sample<unknown>]>([
    ['three dice', 6 ** 3, integers({ count: 3, min: 1, max: 6 })],
    ['two numbers from -5 to 5', 11 ** 2, integers({ count: 2, min: -5, max: 5 })],
    ['two different ones of five', 5 * 4, integers({ count: 2, min: 1, max: 5, unique: true })],
    ['three different ones of four', 4 * 3 * 2, integers({ count: 3, min: 1, max: 4, unique: true })],
    ['a permutation of four', 4 * 3 * 2, permutation({ n: 4 })],
    ['a permutation of five', 5 * 4 * 3 * 2, permutation({ n: 5 })],
    ['two words of two letters out of three', 3 ** 4, strings({ count: 2, length: 2, alphabet: 'abc' })],
  ])('%s: %d', (_, kinds, sample) => {
    const counts = overAllSupplies((bits) => sample.draw(bits));
    expect(counts.size).toBe(kinds);
    expect(new Set(counts.values()).size).toBe(1);
  });
});
