/**
 * `GET /api/gaussians`: normally distributed numbers by the polar method (Marsaglia and Bray 1964; Knuth,
 * TAOCP 2, 3.4.1, algorithm P).
 *
 * The method is exact for real numbers, and its tails are those of the logarithm, not those of a sum: with u
 * and v multiples of 2^-52 the largest result is 12 standard deviations, where one in 10^33 lies, and the
 * probability beyond z follows erfc far further out than anybody can count. Results are doubles, rounded a
 * few times in their last place.
 */
import type { Bits } from './bits.js';
import { demand } from './sample.js';
import type { Sample } from './sample.js';

export interface GaussiansOptions {
  readonly count: number;
  readonly mean?: number;
  readonly stddev?: number;
}

export function gaussians({ count, mean = 0, stddev = 1 }: GaussiansOptions): Sample<number[]> {
  const pairs = Math.ceil(count / 2);
  return {
    ...demand(pairs, 2 * 53, Math.PI / 4),
    draw: (bits) => {
      const values: number[] = [];
      while (values.length < count) {
        for (const value of standardPair(bits)) values.push(mean + stddev * value);
      }
      return values.slice(0, count);
    },
  };
}

/** Two independent numbers of mean 0 and standard deviation 1. */
function standardPair(bits: Bits): [number, number] {
  for (;;) {
    const u = 2 * bits.readUnit() - 1;
    const v = 2 * bits.readUnit() - 1;
    const square = u * u + v * v; // of a uniform point in the unit circle
    if (square > 0 && square < 1) {
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      return [u * factor, v * factor];
    }
  }
}
