/** How many bytes a second went by lately. */
import { SlidingWindow } from '../limits/sliding-window.js';

const WINDOW_MS = 60_000;

/** Bytes a second over the last minute, or since the beginning where that is less. Times are of one monotonic clock. */
export class Throughput {
  readonly #window = new SlidingWindow(WINDOW_MS);
  readonly #began: number;
  #lastAt: number | undefined;
  #total = 0;

  constructor(now: number) {
    this.#began = now;
  }

  add(bytes: number, now: number): void {
    this.#window.add(bytes, now);
    this.#lastAt = now;
    this.#total += bytes;
  }

  /** Bytes a second; a time of less than a second counts as one. */
  perSecond(now: number): number {
    const seconds = Math.min(Math.max(now - this.#began, 1000), WINDOW_MS) / 1000;
    return this.#window.sum(now) / seconds;
  }

  /** All bytes since the beginning. */
  get total(): number {
    return this.#total;
  }

  /** Milliseconds since bytes last went by; undefined when none ever did. */
  idleMs(now: number): number | undefined {
    return this.#lastAt === undefined ? undefined : now - this.#lastAt;
  }
}
