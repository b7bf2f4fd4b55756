/**
 * Bytes that have something to do with the one 1 to 64 places before: a copy of it, its complement, the same in one bit, a step
 * that is not quite uniform. A device that is read too fast gives some bytes twice.
 *
 * Not of SP 800-90B. Of uniform bytes that do not depend on each other the xor of each with an earlier one is uniform, too, and so is
 * their difference: a chi-square of these, over 64 blocks for each distance in turn. It sees one copy in 600, where companions (correlation.ts) need
 * one in 80, but see other functions than these.
 */
import { BLOCK_BYTES } from './block.js';
import { chiSquareOf, judgeChiSquare, MEBIBYTE_BOUNDS } from './chi-square.js';
import type { Tier } from './tier.js';

/** Blocks of a window. */
export const LAG_BLOCKS = 64;
/** Xor at all of these, one window after the other; between them xor and difference at the short ones. */
const FARTHEST = 64;
const SHORT = 8;

export class Lags {
  readonly #counts = new Int32Array(256);
  #blocks = 0;
  #turn = 0;

  /** Counts a block; judges with each 64th. What is found is looked at again, or else the next distance. */
  test(block: Uint8Array): Tier {
    const { lag, difference } = this.#kind();
    if (difference) this.#countDifferences(block, lag);
    else this.#countXors(block, lag);
    if (++this.#blocks < LAG_BLOCKS) return 'pass';
    const tier = judgeChiSquare(chiSquareOf(this.#counts, LAG_BLOCKS * (BLOCK_BYTES - lag)), MEBIBYTE_BOUNDS);
    this.forget();
    if (tier === 'pass') this.#turn++;
    return tier;
  }

  /** Begins the window again. */
  forget(): void {
    this.#counts.fill(0);
    this.#blocks = 0;
  }

  #kind(): { lag: number; difference: boolean } {
    const round = this.#turn >> 1;
    if (this.#turn % 2 === 1) return { lag: 1 + (round % FARTHEST), difference: false };
    return { lag: 1 + (round % SHORT), difference: (round & SHORT) !== 0 };
  }

  #countXors(block: Uint8Array, lag: number): void {
    const counts = this.#counts;
    for (let i = lag; i < BLOCK_BYTES; i++) {
      const value = (block[i] ?? 0) ^ (block[i - lag] ?? 0);
      counts[value] = (counts[value] ?? 0) + 1;
    }
  }

  #countDifferences(block: Uint8Array, lag: number): void {
    const counts = this.#counts;
    for (let i = lag; i < BLOCK_BYTES; i++) {
      const value = ((block[i] ?? 0) - (block[i - lag] ?? 0)) & 0xff;
      counts[value] = (counts[value] ?? 0) + 1;
    }
  }
}
