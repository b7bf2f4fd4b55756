import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { floats } from './floats.js';
import { draw } from './sample.js';

describe('floats', () => {
  const values = Array.from({ length: 100 }, () =>
    draw(floats({ count: 1000 }), (count) => randomBytes(count)),
  ).flat();

  test('are multiples of 2^-53 from 0 to below 1, odd ones among them', () => {
    const scaled = values.map((value) => value * 2 ** 53);
    expect(scaled.every((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 53)).toBe(true);
    const odd = scaled.filter((value) => value % 2 === 1).length;
    expect(Math.abs(odd - 50_000)).toBeLessThan(1100); // 7 standard deviations
  });

  test('are uniform (Kolmogorov and Smirnov)', () => {
    const sorted = Float64Array.from(values).sort();
    const worst = Math.max(...sorted.map((x, i) => Math.max((i + 1) / 100_000 - x, x - i / 100_000)));
    expect(worst * Math.sqrt(100_000)).toBeLessThan(3.3); // 7 in 10^10
  });
});
