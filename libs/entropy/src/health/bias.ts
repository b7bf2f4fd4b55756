/**
 * Bits that are 1 too often or too seldom: of a block all together, of a MiB also each of the eight by itself.
 *
 * Not of SP 800-90B. Of n fair bits the number of ones is Binomial(n, 1/2); a cutoff is the distance from n / 2 that is
 * reached with 2^-alpha on each side, as the spec computes again.
 */
import { type Cutoffs, type Tier, tierOf, worse } from './tier.js';

/** One block, 65 536 bits: 2^-48, 2^-64, exact. */
export const BLOCK_BIAS: Cutoffs = { soft: 997, hard: 1163 };
/** One of eight bits over a MiB, 2^20 bits: 2^-46, 2^-64, by the normal distribution. */
export const BIT_BIAS: Cutoffs = { soft: 3894, hard: 4650 };
/** All bits of a MiB, 2^23: 2^-46, 2^-64. */
export const MEBIBYTE_BIAS: Cutoffs = { soft: 11_014, hard: 13_150 };

/** How many bits of each byte value are 1. */
export const ONES = Uint8Array.from(
  { length: 256 },
  (_, value) => value.toString(2).replaceAll('0', '').length,
);

/** Judges a block of which so many bits are 1. */
export function judgeBlockBias(ones: number, bytes: number): Tier {
  return tierOf(Math.abs(ones - 4 * bytes), BLOCK_BIAS);
}

/** Judges the bits of a MiB by the counts of its byte values. */
export function judgeMebibyteBias(counts: ArrayLike<number>, bytes: number): Tier {
  let worst = tierOf(Math.abs(onesOf(counts) - 4 * bytes), MEBIBYTE_BIAS);
  for (let bit = 1; bit < 256; bit *= 2) {
    let ones = 0;
    for (let value = 0; value < 256; value++) if ((value & bit) !== 0) ones += counts[value] ?? 0;
    worst = worse(worst, tierOf(Math.abs(ones - bytes / 2), BIT_BIAS));
  }
  return worst;
}

/** How many bits are 1, by the counts of the 256 byte values. */
export function onesOf(counts: ArrayLike<number>): number {
  let ones = 0;
  for (let value = 0; value < 256; value++) ones += (counts[value] ?? 0) * (ONES[value] ?? 0);
  return ones;
}
