import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { integers } from './integers.js';
import { permutation } from './permutation.js';
import { draw } from './sample.js';

const take = (count: number) => randomBytes(count);

/** Chi-square of `runs` results that should come equally often, in standard deviations from what is expected. */
function deviation(result: () => string, kinds: number, runs: number): number {
  const counts = new Map<string, number>();
  for (let i = 0; i < runs; i++) {
    const key = result();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  expect(counts.size).toBe(kinds);
  const expected = runs / kinds;
  const chi = [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  return (chi - (kinds - 1)) / Math.sqrt(2 * (kinds - 1));
}

describe('integers', () => {
  test('are as many as wanted, and lie in the range', () => {
    const values = draw(integers({ count: 1000, min: -3, max: 3 }), take);
    expect(values).toHaveLength(1000);
    expect([...new Set(values)].sort((a, b) => a - b)).toEqual([-3, -2, -1, 0, 1, 2, 3]);
  });

  test('of a range of one value take no entropy', () => {
    const nothing = () => {
      throw new Error('taken');
    };
    expect(draw(integers({ count: 3, min: 42, max: 42 }), nothing)).toEqual([42, 42, 42]);
    expect(draw(permutation({ n: 1 }), nothing)).toEqual([0]);
  });

  describe('unique', () => {
    test.each([
      [1000, 1, 1000],
      [1000, 0, 1000],
      [1000, 1, 1999],
      [1000, 1, 2000],
      [1000, 1, 2001],
      [1, 5, 5],
      [1000, 0, 2 ** 53 - 1],
      [1000, -(2 ** 53 - 1), 2 ** 53 - 1],
    ])('gives %d different numbers from %d to %d', (count, min, max) => {
      const values = draw(integers({ count, min, max, unique: true }), take);
      expect(new Set(values).size).toBe(count);
      expect(values).toHaveLength(count);
      expect(values.every((value) => Number.isSafeInteger(value) && value >= min && value <= max)).toBe(true);
    });

    test.each([
      [3, 3, 6],
      [2, 4, 12],
      [2, 5, 20],
      [3, 6, 120],
      [1, 6, 6],
    ])('gives each sequence of %d out of %d equally often', (count, size, kinds) => {
      const sample = integers({ count, min: 1, max: size, unique: true });
      expect(deviation(() => draw(sample, take).join(), kinds, 60_000)).toBeLessThan(8);
    });

    test('refuses more numbers than there are', () => {
      expect(() => integers({ count: 7, min: 1, max: 6, unique: true })).toThrow(
        'only 6 different numbers from 1 to 6',
      );
    });
  });
});

describe('permutation', () => {
  test('holds each number once', () => {
    for (const n of [1, 2, 3, 100, 10_000]) {
      const values = draw(permutation({ n }), take);
      expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
    }
  });

  test.each([
    [2, 2],
    [3, 6],
    [5, 120],
  ])('of %d gives each of %d orders equally often', (n, kinds) => {
    expect(deviation(() => draw(permutation({ n }), take).join(), kinds, 60_000)).toBeLessThan(8);
  });
});
