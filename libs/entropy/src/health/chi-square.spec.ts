import { describe, expect, test } from '@jest/globals';
import { CHI_SQUARE_BOUNDS, CHI_SQUARE_WINDOW, ChiSquare } from './chi-square.js';
import { HARD_ALPHA, SOFT_ALPHA } from './cutoffs.js';

const FREEDOM = 255;

/** ln P(a, x), regularized: the lower tail of the gamma distribution by its series. */
function logLower(a: number, x: number): number {
  let sum = 1 / a;
  for (let term = sum, n = a + 1; term > sum * 1e-17; n++) {
    term *= x / n;
    sum += term;
  }
  return a * Math.log(x) - x - logGamma(a) + Math.log(sum);
}

/** ln Q(a, x), regularized, for x > a: the upper tail by its continued fraction. */
function logUpper(a: number, x: number): number {
  let fraction = 0;
  for (let k = 3000; k >= 1; k--) fraction = (k * (a - k)) / (x + 2 * k + 1 - a + fraction);
  return a * Math.log(x) - x - logGamma(a) - Math.log(x + 1 - a + fraction);
}

/** Stirling's series, for large a. */
function logGamma(a: number): number {
  return (a - 0.5) * Math.log(a) - a + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * a) - 1 / (360 * a ** 3);
}

/** Where a rising function passes zero. */
function root(f: (x: number) => number, low: number, high: number): number {
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (f(middle) < 0) low = middle;
    else high = middle;
  }
  return low;
}

describe('the bounds of chi-square', () => {
  test.each([
    ['soft', SOFT_ALPHA],
    ['hard', HARD_ALPHA],
  ] as const)('%s: are the quantiles at 2^-%d on each side', (tier, alpha) => {
    const log = -alpha * Math.LN2;
    const [low, high] = CHI_SQUARE_BOUNDS[tier];
    const lowest = root((x) => logLower(FREEDOM / 2, x / 2) - log, 1, FREEDOM);
    const highest = root((x) => log - logUpper(FREEDOM / 2, x / 2), FREEDOM, 1000);
    expect(Math.abs(lowest - low)).toBeLessThan(0.06); // one decimal
    expect(Math.abs(highest - high)).toBeLessThan(0.06);
  });
});

describe('ChiSquare', () => {
  /** A window with this statistic: pairs of values that have d too many and d too few. */
  function window(statistic: number): Uint8Array {
    const counts = new Array<number>(256).fill(32);
    let left = Math.round(statistic * 32);
    for (let value = 0; value < 256; value += 2) {
      const d = Math.min(31, Math.floor(Math.sqrt(left / 2)));
      counts[value] = 32 + d;
      counts[value + 1] = 32 - d;
      left -= 2 * d * d;
    }
    expect(left).toBeLessThan(2);
    return Uint8Array.from(counts.flatMap((count, value) => new Array<number>(count).fill(value)));
  }

  test.each([
    [0, 'hard'],
    [104, 'hard'],
    [104.5, 'soft'],
    [126.5, 'soft'],
    [127, 'pass'],
    [255, 'pass'],
    [447.5, 'pass'],
    [448.5, 'soft'],
    [506, 'soft'],
    [507, 'hard'],
  ])('finds %d %s, in one chunk and byte by byte', (statistic, tier) => {
    const bytes = window(statistic);
    expect(bytes).toHaveLength(CHI_SQUARE_WINDOW);
    expect(new ChiSquare().test(bytes)).toBe(tier);
    const inPieces = new ChiSquare();
    for (let i = 0; i < bytes.length - 1; i++) inPieces.test(bytes.subarray(i, i + 1));
    expect(inPieces.test(bytes.subarray(-1))).toBe(tier);
  });

  test('tells the worst of several windows in a chunk', () => {
    const chunk = Buffer.concat([window(255), window(600), window(255), window(460)]);
    expect(new ChiSquare().test(chunk)).toBe('hard');
  });
});
