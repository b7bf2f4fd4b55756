/** Statistics of one full window of bytes after another, computed as they pass; nothing is kept of the bytes. */
import { rounded, statisticsOf } from './statistics.js';
import type { Statistics } from './statistics.js';
import { Tally } from './tally.js';

/** Bytes of a window. */
export const QUALITY_WINDOW = 1_048_576;

export interface QualityReport {
  /** Number of bytes behind the statistics: a whole window, or 0. */
  readonly bytes: number;
  /** Undefined until the first window is full. */
  readonly statistics: Statistics | undefined;
  readonly note: string;
}

const NOTE =
  'Statistics find a broken source. They cannot show that bytes are unpredictable: those of a good cipher under a key ' +
  'that somebody knows pass them just as well.';

/**
 * Reports on full windows only, and with three digits. Somebody who was served all bytes of a window but a few could
 * compute those from exact statistics, or from two reports with only those bytes between them.
 */
export class QualityWindow {
  #tally = new Tally();
  #report: QualityReport = { bytes: 0, statistics: undefined, note: NOTE };

  constructor(private readonly window = QUALITY_WINDOW) {}

  /** The statistics of the last full window. */
  get report(): QualityReport {
    return this.#report;
  }

  /** Counts the first of `bytes`, up to the end of the window, about 2 ns each. The next window begins with the next call. */
  update(bytes: Uint8Array): void {
    const part = bytes.subarray(0, this.window - this.#tally.bytes);
    this.#tally.add(part);
    if (this.#tally.bytes === this.window) {
      this.#report = { bytes: this.window, statistics: rounded(statisticsOf(this.#tally)), note: NOTE };
      this.#tally = new Tally();
    }
  }
}
