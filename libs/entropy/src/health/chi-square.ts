/**
 * Pearson's chi-square over the 256 byte values, in windows of 8192 bytes: values too unequal (10 % zeros) or
 * too equal (a counter) to be chance.
 *
 * Not of SP 800-90B. The bounds are the quantiles of the chi-square distribution with 255 degrees of freedom
 * (what the statistic tends to) at 2^-40 and at 2^-60 on each side, solved for numerically; the spec does it
 * again.
 */
import { type Tier, worse } from './tier.js';

export const CHI_SQUARE_WINDOW = 8192;
export const CHI_SQUARE_BOUNDS = { soft: [126.7, 447.9], hard: [104.1, 506.5] } as const;

const EXPECTED = CHI_SQUARE_WINDOW / 256;

/** Keeps its window from call to call: chunks of any size are tested as one stream. */
export class ChiSquare {
  readonly #counts = new Uint32Array(256);
  #left = CHI_SQUARE_WINDOW; // bytes that the window still lacks

  /** Tests `bytes` as the continuation of all bytes before; judges whenever a window is full. */
  test(bytes: Uint8Array): Tier {
    let worst: Tier = 'pass';
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + this.#left);
      count(this.#counts, bytes, at, end);
      this.#left -= end - at;
      at = end;
      if (this.#left === 0) worst = worse(worst, this.#judge());
    }
    return worst;
  }

  #judge(): Tier {
    let squares = 0;
    for (let i = 0; i < 256; i++) squares += ((this.#counts[i] ?? 0) - EXPECTED) ** 2;
    this.#counts.fill(0);
    this.#left = CHI_SQUARE_WINDOW;
    const statistic = squares / EXPECTED;
    const outside = ([low, high]: readonly [number, number]) => statistic < low || statistic > high;
    if (outside(CHI_SQUARE_BOUNDS.hard)) return 'hard';
    return outside(CHI_SQUARE_BOUNDS.soft) ? 'soft' : 'pass';
  }
}

function count(counts: Uint32Array, bytes: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const byte = bytes[i] ?? 0;
    counts[byte] = (counts[byte] ?? 0) + 1;
  }
}
