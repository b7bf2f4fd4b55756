/** The repetition count test of SP 800-90B 4.4.1: the same byte many times in a row. */
import { HARD_ALPHA, repetitionCutoff, SOFT_ALPHA } from './cutoffs.js';
import type { Tier } from './tier.js';

const SOFT = repetitionCutoff(SOFT_ALPHA, 8);
const HARD = repetitionCutoff(HARD_ALPHA, 8);

/** Keeps its run from call to call: a run over the border of two chunks counts. */
export class RepetitionCount {
  #last = -1;
  #run = 0;

  /** Tests `bytes` as the continuation of all bytes before. */
  test(bytes: Uint8Array): Tier {
    let last = this.#last;
    let run = this.#run;
    let longest = 0;
    const { length } = bytes;
    // Not for-of: over a Uint8Array that costs 5 to 22 ms a megabyte, and this 2.
    for (let i = 0; i < length; i++) {
      const byte = bytes[i] ?? 0;
      if (byte === last) {
        if (++run > longest) longest = run;
      } else {
        last = byte;
        run = 1;
      }
    }
    this.#last = last;
    this.#run = run;
    return longest >= HARD ? 'hard' : longest >= SOFT ? 'soft' : 'pass';
  }
}
