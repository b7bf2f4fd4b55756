/** The repetition count test of SP 800-90B 4.4.1: the same byte many times in a row. */
import { type Cutoffs, type Tier, tierOf } from './tier.js';

/** Keeps its run from block to block: a run over their border counts. */
export class RepetitionCount {
  /** Equal neighbours among those that the last test looked at, one pair in `soft` - 1. */
  pairs = 0;
  #last = -1;
  #run = 0;
  /**
   * A run that fails has soft - 1 pairs of equal neighbours one after the other, so of each soft - 1 pairs one is enough
   * to look at.
   */
  readonly #stride: number;

  constructor(private readonly cutoffs: Cutoffs) {
    this.#stride = cutoffs.soft - 1;
  }

  /** Tests `bytes` as the continuation of all bytes before. */
  test(bytes: Uint8Array): Tier {
    const goesOn = bytes[0] === this.#last ? endOfRun(bytes, 0) : 0;
    let longest = goesOn === 0 ? 0 : this.#run + goesOn;
    let pairs = 0;
    for (let at = goesOn + this.#stride; at < bytes.length; at += this.#stride) {
      if (bytes[at] !== bytes[at - 1]) continue;
      pairs++;
      const end = endOfRun(bytes, at);
      longest = Math.max(longest, end - startOfRun(bytes, at));
      at = end;
    }
    this.pairs = pairs;
    this.#keep(bytes, goesOn);
    return tierOf(longest, this.cutoffs);
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
