import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Bits } from './bits.js';
import { gaussians } from './gaussians.js';
import { draw } from './sample.js';

const take = (count: number) => randomBytes(count);

/** `count` of them, in lots that the API would give. */
function many(count: number): number[] {
  return Array.from({ length: count / 1000 }, () => draw(gaussians({ count: 1000 }), take)).flat();
}

/** Greatest distance of the sorted values' distribution to `cdf`, times sqrt(n): Kolmogorov and Smirnov. */
function distance(values: number[], cdf: (x: number) => number): number {
  const sorted = Float64Array.from(values).sort();
  const n = sorted.length;
  let worst = 0;
  sorted.forEach((x, i) => {
    const p = cdf(x);
    worst = Math.max(worst, (i + 1) / n - p, p - i / n);
  });
  return worst * Math.sqrt(n);
}

/** P(Z > z), z >= 0, by the continued fraction (far out) or the series of erf. */
function upperTail(z: number): number {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z > 3) {
    let fraction = z;
    for (let k = 60; k >= 1; k--) fraction = z + k / fraction;
    return density / fraction;
  }
  let sum = 0;
  for (let term = z, k = 1; term > 1e-18; k += 2) {
    sum += term;
    term *= (z * z) / (k + 2);
  }
  return 0.5 - density * sum;
}

const normal = (x: number) => (x < 0 ? upperTail(-x) : 1 - upperTail(x));
const LIMIT = 3.3; // both statistics exceed it with 2 exp(-2 * 3.3^2), 7 in 10^10

describe('gaussians', () => {
  test('the reference is right', () => {
    expect(upperTail(0)).toBe(0.5);
    expect(upperTail(1.959963984540054)).toBeCloseTo(0.025, 12);
    expect(upperTail(5) / 2.866515718791939e-7).toBeCloseTo(1, 10);
  });

  test('follow the normal distribution', () => {
    expect(distance(many(400_000), normal)).toBeLessThan(LIMIT);
  });

  test('beyond 1 to 4 standard deviations lie as many as erfc says, on both sides', () => {
    const values = many(1_000_000);
    for (const z of [1, 2, 3, 4]) {
      const expected = upperTail(z) * values.length;
      for (const side of [1, -1]) {
        const found = values.filter((value) => side * value > z).length;
        expect(Math.abs(found - expected)).toBeLessThan(6.5 * Math.sqrt(expected) + 3);
      }
    }
  });

  // u and v are pinned below 2^-bits, everything else is random: what comes out is the tail beyond sqrt(4 bits ln 2).
  test.each([8, 16, 24])('the tail is exact far out too: u, v < 2^-%d', (bits) => {
    const radii: number[] = [];
    while (radii.length < 40_000) {
      const small = () => (2n ** 52n + BigInt(fraction(52 - bits))).toString(2).padStart(53, '0');
      const [x = 0, y = 0] = gaussians({ count: 2 }).draw(bitsOf(small() + small()));
      const square = x * x + y * y; // -2 ln(u^2 + v^2), and u^2 + v^2 is uniform below 4^-bits
      if (square > 4 * bits * Math.LN2) radii.push(square / 2 - 2 * bits * Math.LN2);
    }
    expect(distance(radii, (excess) => 1 - Math.exp(-excess))).toBeLessThan(LIMIT);
  });

  test('reach 12 standard deviations', () => {
    const smallest = '1' + '0'.repeat(51) + '1';
    const zero = '1' + '0'.repeat(52);
    const [value = 0] = gaussians({ count: 1 }).draw(bitsOf(smallest + zero));
    expect(value).toBeCloseTo(Math.sqrt(2 * 104 * Math.LN2), 12);
  });

  test('have the mean and the standard deviation asked for', () => {
    const values = Array.from({ length: 100 }, () =>
      draw(gaussians({ count: 999, mean: -40, stddev: 0.25 }), take),
    ).flat();
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(values).toHaveLength(99_900);
    expect(Math.abs(mean + 40)).toBeLessThan((6.5 * 0.25) / Math.sqrt(values.length));
    expect(Math.abs(variance / 0.0625 - 1)).toBeLessThan(6.5 * Math.sqrt(2 / values.length));
  });
});

/** A random number of `bits` bits, up to 53. */
function fraction(bits: number): number {
  return Number(randomBytes(8).readBigUInt64BE() >> BigInt(64 - bits));
}

function bitsOf(text: string): Bits {
  const bytes = (text.match(/.{1,8}/g) ?? []).map((bits) => parseInt(bits.padEnd(8, '0'), 2));
  let at = 0;
  return new Bits((count) => Uint8Array.from({ length: count }, () => bytes[at++] ?? 0x80), 1);
}
