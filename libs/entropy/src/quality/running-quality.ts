/** Statistics of the bytes that came lately, computed as they pass; nothing is kept of the bytes. */
import { statisticsOf } from './statistics.js';
import type { Statistics } from './statistics.js';
import { Tally } from './tally.js';

/** Bytes of the window. */
export const QUALITY_WINDOW = 1_048_576;

export interface QualityReport {
  /** Bytes that the statistics are of: the latest ones, half a window to a whole one. */
  readonly bytes: number;
  /** Undefined until the first bytes came. */
  readonly statistics: Statistics | undefined;
  readonly note: string;
}

const NOTE =
  'Statistics find a broken source. They cannot show that bytes are unpredictable: those of a good cipher under a key ' +
  'that somebody knows pass them just as well.';

/**
 * A window of two halves: the new one fills up; when it is full it becomes the old one, and the old one is
 * forgotten.
 *
 *   [ old half, full ][ new half ....     ] <- update(bytes)
 */
export class RunningQuality {
  #old = new Tally();
  #new = new Tally();

  constructor(private readonly window = QUALITY_WINDOW) {}

  /** Counts `bytes`, of any length, about 2 ns each. */
  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#new.bytes >= this.window / 2) {
        this.#old = this.#new;
        this.#new = new Tally();
      }
      const end = Math.min(bytes.length, at + Math.ceil(this.window / 2) - this.#new.bytes);
      this.#new.add(bytes.subarray(at, end));
      at = end;
    }
  }

  /** The statistics of now. */
  report(): QualityReport {
    const all = this.#old.plus(this.#new);
    return { bytes: all.bytes, statistics: all.points > 0 ? statisticsOf(all) : undefined, note: NOTE };
  }
}
