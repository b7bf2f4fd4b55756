import { describe, expect, test } from '@jest/globals';
import {
  criticalBinomial,
  proportionCutoff,
  proportionCutoffs,
  repetitionCutoff,
  repetitionCutoffs,
} from './cutoffs.js';

const ENTROPY = [1, 2, 3, 4, 5, 6, 7, 8];

describe('cutoffs of SP 800-90B 4.4', () => {
  test('are 9 and 11 in a row, 24 and 27 of 512, for full bytes', () => {
    expect(repetitionCutoffs(8)).toEqual({ soft: 9, hard: 11 });
    expect(proportionCutoffs(8)).toEqual({ soft: 24, hard: 27 });
    expect(repetitionCutoffs(1)).toEqual({ soft: 61, hard: 81 });
  });

  test.each([
    [20, [21, 11, 8, 6, 5, 5, 4, 4]],
    [30, [31, 16, 11, 9, 7, 6, 6, 5]],
    [40, [41, 21, 15, 11, 9, 8, 7, 6]],
    [60, [61, 31, 21, 16, 13, 11, 10, 9]],
  ])('repetition count at 2^-%d for H = 1..8', (alpha, expected) => {
    expect(ENTROPY.map((entropy) => repetitionCutoff(alpha, entropy))).toEqual(expected);
  });

  test.each([
    [20, [311, 178, 104, 63, 40, 26, 18, 14]],
    [30, [325, 191, 115, 71, 46, 32, 23, 17]],
    [40, [337, 202, 124, 79, 52, 36, 27, 20]],
    [60, [355, 221, 140, 92, 63, 45, 33, 26]],
  ])('adaptive proportion at 2^-%d for H = 1..8', (alpha, expected) => {
    expect(ENTROPY.map((entropy) => proportionCutoff(alpha, entropy))).toEqual(expected);
  });

  // jitterentropy's tables: H = 1 / oversampling rate.
  test.each([
    [30, [325, 422, 459, 477, 488, 494, 499, 502, 505, 507]],
    [60, [355, 447, 479, 494, 502, 507, 510, 512, 512, 512]],
  ])('are those of jitterentropy at 2^-%d', (alpha, expected) => {
    expect(expected.map((_, i) => proportionCutoff(alpha, 1 / (i + 1)))).toEqual(expected);
  });

  test('are those of OpenSSL at 2^-20, H = 0.5, whose proportion is the plain one of the standard', () => {
    expect(repetitionCutoff(20, 0.5)).toBe(41);
    expect(1 + criticalBinomial(512, 2 ** -0.5, 20)).toBe(410);
  });

  test('the plain proportion cutoff at H = 8 would be 16 and alarm more often than 2^-30', () => {
    expect(1 + criticalBinomial(512, 2 ** -8, 30)).toBe(16);
    const rate = tail(511, 1 / 256, 15); // 15 more of 511 beside the first
    expect(Math.log2(rate)).toBeCloseTo(-28.2, 1);
  });

  test('one less than the cutoff would alarm more often than alpha', () => {
    for (const alpha of [20, 30, 40, 60]) {
      const cutoff = proportionCutoff(alpha, 8);
      expect(tail(511, 1 / 256, cutoff - 1)).toBeLessThanOrEqual(2 ** -alpha);
      expect(tail(511, 1 / 256, cutoff - 2)).toBeGreaterThan(2 ** -alpha);
    }
  });
});

/** P(Binomial(n, p) >= from), by floating-point recurrence. */
function tail(n: number, p: number, from: number): number {
  let term = (1 - p) ** n;
  let sum = 0;
  for (let k = 0; k <= n; k++) {
    if (k >= from) sum += term;
    term *= ((n - k) / (k + 1)) * (p / (1 - p));
  }
  return sum;
}
