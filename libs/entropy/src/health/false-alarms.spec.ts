/**
 * Computes every cutoff again from its distribution, and adds up what perfect bytes would set off: the table of
 * docs/health-tests.md.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { BIT_BIAS, BLOCK_BIAS, MEBIBYTE_BIAS } from './bias.js';
import { SPARE_ROWS } from './bit-rank.js';
import { BLOCK_BYTES } from './block.js';
import { BLOCK_BOUNDS, MEBIBYTE_BOUNDS, POSITION_BOUNDS } from './chi-square.js';
import { CELL_CUTOFFS, NEIGHBOUR_CUTOFFS, PAIR_CUTOFFS } from './correlation.js';
import { criticalBinomial, proportionCutoffs, repetitionCutoffs } from './cutoffs.js';
import { MARK_BYTES } from './block-hash.js';
import { LAG_BLOCKS } from './lags.js';
import { COMPLEXITY_BOUNDS, SEQUENCE_BITS } from './linear-complexity.js';
import { REPEATS_BLOCKS, REPEATS_CUTOFFS } from './short-repeats.js';

const FREEDOM = 255;
/** Ten years at 30 MB/s. */
const BYTES = 30e6 * 86_400 * 365.25 * 10;
const BLOCKS = BYTES / BLOCK_BYTES;
/** Pairs of equal pieces of four bytes in a window, on average. */
const REPEATED = (REPEATS_BLOCKS * (BLOCK_BYTES - 3) * (BLOCK_BYTES - 4)) / 2 ** 33;

/** log2 P(a, x), regularized: the lower tail of the gamma distribution by its series. */
function lowerGamma(a: number, x: number): number {
  let sum = 1 / a;
  for (let term = sum, n = a + 1; term > sum * 1e-17; n++) {
    term *= x / n;
    sum += term;
  }
  return (a * Math.log(x) - x - logGamma(a) + Math.log(sum)) / Math.LN2;
}

/** log2 Q(a, x), regularized, for x > a: the upper tail by its continued fraction. */
function upperGamma(a: number, x: number): number {
  let fraction = 0;
  for (let k = 3000; k >= 1; k--) fraction = (k * (a - k)) / (x + 2 * k + 1 - a + fraction);
  return (a * Math.log(x) - x - logGamma(a) - Math.log(x + 1 - a + fraction)) / Math.LN2;
}

/** Stirling's series, for large a. */
function logGamma(a: number): number {
  return (a - 0.5) * Math.log(a) - a + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * a) - 1 / (360 * a ** 3);
}

/** log2 of the upper tail of the normal distribution, by its continued fraction; z > 2. */
function upperNormal(z: number): number {
  let fraction = 0;
  for (let k = 300; k >= 1; k--) fraction = k / (z + fraction);
  return (-(z ** 2) / 2 - 0.5 * Math.log(2 * Math.PI) - Math.log(z + fraction)) / Math.LN2;
}

/** log2 of the tail of Binomial(n, 2^-bits) from k on, by its terms. */
function upperBinomial(n: number, bits: number, from: number): number {
  const p = 2 ** -bits;
  const logChoose = (k: number): number => lnFactorial(n) - lnFactorial(k) - lnFactorial(n - k);
  let sum = 0;
  for (let k = from; k < Math.min(n, from + 2000); k++) {
    sum += Math.exp(logChoose(k) + k * Math.log(p) + (n - k) * Math.log1p(-p));
  }
  return Math.log2(sum);
}

function lnFactorial(n: number): number {
  return n < 2 ? 0 : logGamma(n + 1);
}

/** log2 of the share of the sequences whose linear complexity lies outside [low, high] (Rueppel 1986). */
function outsideComplexity([low, high]: readonly [number, number]): number {
  const n = SEQUENCE_BITS;
  let share = 2 ** -n; // the zeros
  for (let l = 1; l <= n; l++) {
    if (l < low || l > high) share += 2 ** (Math.min(2 * l - 1, 2 * n - 2 * l) - n);
  }
  return Math.log2(share);
}

/** log2 of the tail of Poisson's distribution of this mean, from k on, by its terms. */
function upperPoisson(mean: number, from: number): number {
  let sum = 0;
  for (let k = from; k < from + 100; k++) sum += Math.exp(k * Math.log(mean) - mean - lnFactorial(k));
  return Math.log2(sum);
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

describe('cutoffs that are written down', () => {
  test.each([
    ['a block', BLOCK_BOUNDS, 48, 64],
    ['a MiB', MEBIBYTE_BOUNDS, 42, 64],
    ['a position', POSITION_BOUNDS, 56, 72],
  ])('chi-square of %s: the quantiles on each side', (_, bounds, soft, hard) => {
    for (const [[low, high], alpha] of [
      [bounds.soft, soft],
      [bounds.hard, hard],
    ] as const) {
      const lowest = root((x) => lowerGamma(FREEDOM / 2, x / 2) + alpha, 1, FREEDOM);
      const highest = root((x) => -alpha - upperGamma(FREEDOM / 2, x / 2), FREEDOM, 1000);
      expect(Math.abs(lowest - low)).toBeLessThan(0.06); // one decimal
      expect(Math.abs(highest - high)).toBeLessThan(0.06);
    }
  });

  test('bias of a block: the exact quantiles of Binomial(65536, 1/2)', () => {
    for (const [cutoff, alpha] of [
      [BLOCK_BIAS.soft, 48],
      [BLOCK_BIAS.hard, 64],
    ] as const) {
      // 2^-alpha lies between the tails from `cutoff` and from one less.
      expect(upperBinomial(65_536, 1, 32_768 + cutoff)).toBeLessThanOrEqual(-alpha);
      expect(upperBinomial(65_536, 1, 32_768 + cutoff - 1)).toBeGreaterThan(-alpha);
    }
  });

  test.each([
    ['a bit of a MiB', BIT_BIAS, 2 ** 20],
    ['a MiB', MEBIBYTE_BIAS, 2 ** 23],
  ])('bias of %s: quantiles of the normal distribution at 2^-46 and 2^-64', (_, { soft, hard }, bits) => {
    const deviation = Math.sqrt(bits) / 2;
    const quantile = (alpha: number): number => root((z) => -alpha - upperNormal(z), 2, 20) * deviation;
    expect(Math.ceil(quantile(46))).toBe(soft);
    expect(Math.ceil(quantile(64))).toBe(hard);
  });

  test('neighbours: quantiles of the normal distribution at 2^-49 and 2^-66', () => {
    expect(root((z) => -49 - upperNormal(z), 2, 20)).toBeCloseTo(NEIGHBOUR_CUTOFFS.soft, 2);
    expect(root((z) => -66 - upperNormal(z), 2, 20)).toBeCloseTo(NEIGHBOUR_CUTOFFS.hard, 2);
  });

  test('companions and distances: exact quantiles of Binomial(4096, 1/256) at 2^-53 and 2^-68', () => {
    expect(criticalBinomial(4096, 2 ** -8, 53) + 1).toBe(CELL_CUTOFFS.soft);
    expect(criticalBinomial(4096, 2 ** -8, 68) + 1).toBe(CELL_CUTOFFS.hard);
  });

  test('pairs: exact quantiles of Binomial(1023, 1/256) at 2^-48 and 2^-64', () => {
    expect(criticalBinomial(1023, 2 ** -8, 48) + 1).toBe(PAIR_CUTOFFS.soft);
    expect(criticalBinomial(1023, 2 ** -8, 64) + 1).toBe(PAIR_CUTOFFS.hard);
  });

  test('short repeats: at most 2^-45 and 2^-62 of all windows have so many', () => {
    expect(upperPoisson(REPEATED, REPEATS_CUTOFFS.soft)).toBeLessThanOrEqual(-45);
    expect(upperPoisson(REPEATED, REPEATS_CUTOFFS.hard)).toBeLessThanOrEqual(-62);
    expect(REPEATED).toBeCloseTo(1, 2);
  });

  test('linear complexity: at most 2^-47 and 2^-63 of all sequences lie outside', () => {
    expect(outsideComplexity(COMPLEXITY_BOUNDS.soft)).toBeLessThanOrEqual(-47);
    expect(outsideComplexity(COMPLEXITY_BOUNDS.hard)).toBeLessThanOrEqual(-63);
    const [low, high] = COMPLEXITY_BOUNDS.soft;
    expect(outsideComplexity([low + 1, high - 1])).toBeGreaterThan(-47);
  });
});

describe('false alarms on perfect bytes in ten years at 30 MB/s', () => {
  /** Test, looks, log2 of the rate of a look. Where a nominal rate is too low (chi-square.ts) the true one is given. */
  const soft: readonly (readonly [string, number, number])[] = [
    ['rct', BYTES, -8 * (repetitionCutoffs(8).soft - 1)],
    ['apt', BYTES / 512, upperBinomial(511, 8, proportionCutoffs(8).soft - 1)],
    ['text', BYTES, Math.log2(158 / 256) + 64 * Math.log2(98 / 256)],
    ['missing_value', BLOCKS, 8 + 2 * BLOCK_BYTES * Math.log2(255 / 256)],
    ['missing_value, line ends', BLOCKS, 384 * 8191 * Math.log2(1 - 2 ** -16)],
    ['chi_square, block', BLOCKS, -47.2 + 1],
    ['chi_square, MiB', BYTES / 2 ** 20, -42 + 1],
    ['bias, block', BLOCKS, -48 + 1],
    ['bias, MiB', (9 * BYTES) / 2 ** 20, -46 + 1],
    ['correlation, neighbours', BLOCKS, -49 + 1],
    ['correlation, pairs', BLOCKS, upperBinomial(1023, 8, PAIR_CUTOFFS.soft)],
    [
      'correlation, companions',
      ((BLOCKS * 2) / 9 / 128) * 32 * 256,
      upperBinomial(4096, 8, CELL_CUTOFFS.soft),
    ],
    ['correlation, distances', ((BLOCKS * 2) / 9 / 128) * 4096, upperBinomial(4096, 8, CELL_CUTOFFS.soft)],
    ['position', (BLOCKS / 9 / 128) * 512, -52 + 1],
    ['linear_complexity', BLOCKS / 9, outsideComplexity(COMPLEXITY_BOUNDS.soft)],
    ['linear_complexity, rank', BLOCKS / 45, -SPARE_ROWS],
    ['correlation, lags', BLOCKS / 9 / LAG_BLOCKS, -42 + 1],
    ['repeated_block', BLOCKS * 2 ** 17, -128],
    [
      'repeated_block, four bytes',
      BLOCKS / 27 / REPEATS_BLOCKS,
      upperPoisson(REPEATED, REPEATS_CUTOFFS.soft),
    ],
    // Equal hashes, or equal bytes behind an anchor, in one of 65 536 slots.
    ['repeated_fetch, duplicate_source', BYTES / 200, Math.log2(2 ** -64 + 2 ** (16 - 8 * (MARK_BYTES - 1)))],
  ];
  const alarms = soft.map(([name, looks, rate]) => [name, looks * 2 ** rate] as const);

  test('are fewer than one of all tests together', () => {
    expect(alarms.reduce((sum, [, count]) => sum + count, 0)).toBeLessThan(0.04);
  });

  test('are what docs/health-tests.md says', () => {
    const document = readFileSync('docs/health-tests.md', 'utf8');
    for (const [name, count] of alarms) {
      const row = new RegExp(`\\| ${name} \\|.*\\| ([0-9.e-]+) \\|$`, 'm').exec(document);
      expect([name, row?.[1]]).toEqual([name, count.toExponential(0)]);
    }
  });
});
