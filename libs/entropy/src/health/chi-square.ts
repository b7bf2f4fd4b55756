/**
 * Pearson's chi-square: values too unequal (10 % zeros) or too equal (a counter) to be chance.
 *
 * Not of SP 800-90B. The bounds are quantiles of the chi-square distribution with 255 degrees of freedom, which is what
 * the statistic of 256 equally likely values tends to: solved for numerically, as the spec does again. With few counts a
 * value the true rate is somewhat above the nominal one (by saddlepoint approximation 2^-47.3 instead of 2^-48 with 32 a
 * value, 2^-52 instead of 2^-56 with 8): the table in docs/health-tests.md has the true ones.
 */
import type { Tier } from './tier.js';

/** Outside [low, high] the statistic is a finding of its tier. */
export interface ChiSquareBounds {
  readonly soft: readonly [low: number, high: number];
  readonly hard: readonly [low: number, high: number];
}

/** One block: 2^-48 and 2^-64 on each side. */
export const BLOCK_BOUNDS: ChiSquareBounds = { soft: [116.7, 472.3], hard: [100.4, 517.4] };
/** One MiB: 2^-42 and 2^-64. */
export const MEBIBYTE_BOUNDS: ChiSquareBounds = { soft: [124.0, 454.2], hard: [100.4, 517.4] };
/** A position in 512, of 2048 bytes: 2^-56 and 2^-72. */
export const POSITION_BOUNDS: ChiSquareBounds = { soft: [108.0, 495.4], hard: [93.7, 538.5] };

/** The statistic of 256 counts from `from` on that are `total` together. */
export function chiSquareOf(counts: ArrayLike<number>, total: number, from = 0): number {
  let squares = 0;
  for (let i = from; i < from + 256; i++) {
    const count = counts[i] ?? 0;
    squares += count * count;
  }
  return statisticOf(squares, total);
}

/** The statistic, from the sum of the squares of the counts. */
export function statisticOf(squares: number, total: number): number {
  return (squares * 256) / total - total;
}

export function judgeChiSquare(statistic: number, { soft, hard }: ChiSquareBounds): Tier {
  const outside = ([low, high]: readonly [number, number]): boolean => statistic < low || statistic > high;
  return outside(hard) ? 'hard' : outside(soft) ? 'soft' : 'pass';
}
