/** The repetition count test of SP 800-90B 4.4.1: the same byte many times in a row. */
import { HARD_ALPHA, repetitionCutoff, SOFT_ALPHA } from './cutoffs.js';
import type { Tier } from './tier.js';

const SOFT = repetitionCutoff(SOFT_ALPHA, 8);
const HARD = repetitionCutoff(HARD_ALPHA, 8);

/**
 * A run that fails has SOFT - 1 pairs of equal neighbours one after the other, so of each SOFT - 1 pairs one is enough
 * to look at: 0.2 ms a megabyte, where every byte takes 1.
 */
const STRIDE = SOFT - 1;

/** Keeps its run from call to call: a run over the border of two chunks counts. */
export class RepetitionCount {
  #last = -1;
  #run = 0;

  /** Tests `bytes` as the continuation of all bytes before. */
  test(bytes: Uint8Array): Tier {
    const goesOn = bytes[0] === this.#last ? endOfRun(bytes, 0) : 0;
    let longest = goesOn === 0 ? 0 : this.#run + goesOn;
    for (let at = goesOn + STRIDE; at < bytes.length; at += STRIDE) {
      if (bytes[at] !== bytes[at - 1]) continue;
      const end = endOfRun(bytes, at);
      longest = Math.max(longest, end - startOfRun(bytes, at));
      at = end;
    }
    this.#keep(bytes, goesOn);
    return longest >= HARD ? 'hard' : longest >= SOFT ? 'soft' : 'pass';
  }

  /** @param goesOn bytes at the start that belong to the run before. */
  #keep(bytes: Uint8Array, goesOn: number): void {
    const end = bytes.length;
    this.#run = goesOn === end ? this.#run + end : end - startOfRun(bytes, end - 1);
    this.#last = bytes[end - 1] ?? this.#last;
  }
}

/** Where the run that holds `at` begins. */
function startOfRun(bytes: Uint8Array, at: number): number {
  let start = at;
  while (start > 0 && bytes[start - 1] === bytes[at]) start--;
  return start;
}

/** Behind the last byte of the run that holds `at`. */
function endOfRun(bytes: Uint8Array, at: number): number {
  let end = at + 1;
  while (end < bytes.length && bytes[end] === bytes[at]) end++;
  return end;
}
