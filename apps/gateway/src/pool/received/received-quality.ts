/**
 * Statistics of the bytes that came lately, for windows of a mebibyte. The bytes are not served yet, so nothing is
 * published that could be solved for some of them (QualityWindow).
 */
import { Injectable } from '@nestjs/common';
import { QualityWindow } from '#libs/entropy';
import type { QualityReport } from '#libs/entropy';
import { Clock } from '../../clock.js';

/** A window begins this long after the one before began, or later: counting costs as much as all the rest of an admission. */
const EVERY_MS = 1000;

@Injectable()
export class ReceivedQuality {
  readonly #window = new QualityWindow();
  #begun: number | undefined;
  #counting = false;

  constructor(private readonly clock: Clock) {}

  /** Counts a packet's data, as far as a window needs it. */
  update(data: Uint8Array): void {
    const now = this.clock.monotonic();
    if (!this.#counting && now - (this.#begun ?? -Infinity) < EVERY_MS) return;
    if (!this.#counting) this.#begun = now;
    const before = this.#window.report;
    this.#window.update(data);
    this.#counting = this.#window.report === before;
  }

  /** The report on the last full window; without statistics until there is one. */
  report(): QualityReport {
    return this.#window.report;
  }
}
