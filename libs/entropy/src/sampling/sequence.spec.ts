import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { integers } from './integers.js';
import { draw } from './sample.js';
import { sequence } from './sequence.js';

test('draws each in its order, from no more than all of them together need', () => {
  const parts = [
    integers({ count: 3, min: 1, max: 6 }),
    integers({ count: 2, min: 100, max: 119 }),
    integers({ count: 1, min: 7, max: 7 }),
  ];
  const all = sequence(parts);
  for (let i = 0; i < 1000; i++) {
    let taken = 0;
    const values = draw(all, (count) => {
      taken += count;
      return randomBytes(count);
    });
    expect(values.map((part) => part.length)).toEqual([3, 2, 1]);
    expect(values[0]?.every((value) => value >= 1 && value <= 6)).toBe(true);
    expect(values[1]?.every((value) => value >= 100 && value <= 119)).toBe(true);
    expect(values[2]).toEqual([7]);
    expect(taken).toBeLessThanOrEqual(all.most);
  }
});

test('of nothing takes nothing', () => {
  expect(draw(sequence([]), () => Buffer.alloc(0))).toEqual([]);
});
