/**
 * Statistics of the bytes that came lately, told so coarsely that they tell nothing of single bytes.
 *
 * The bytes are not served yet. Whoever could read the statistics before and after a packet of one byte would know that
 * byte; so a new report is made only for every 64 KiB, of which a few numbers say next to nothing, and none for less
 * than 8 KiB.
 */
import { Injectable } from '@nestjs/common';
import { RunningQuality } from '#libs/entropy';
import type { QualityReport } from '#libs/entropy';

/** Counted of each packet: counting costs 2 ns a byte, of whole packets as much as all the rest of their admission. */
const SAMPLE_BYTES = 8192;
const FIRST_BYTES = 8192;
const EVERY_BYTES = 65_536;

@Injectable()
export class ReceivedQuality {
  readonly #quality = new RunningQuality();
  #report: QualityReport = { ...this.#quality.report(), bytes: 0, statistics: undefined };
  #due = FIRST_BYTES;

  /** Counts the beginning of a packet's data. */
  update(data: Uint8Array): void {
    const sample = data.subarray(0, SAMPLE_BYTES);
    this.#quality.update(sample);
    this.#due -= sample.length;
  }

  /** The latest report; without statistics until 8 KiB have come. */
  report(): QualityReport {
    if (this.#due <= 0) {
      this.#report = this.#quality.report();
      this.#due = EVERY_BYTES;
    }
    return this.#report;
  }
}
