/** How long to wait after a failure: exponential back-off with full jitter, so that collectors do not come back in step. */
import { randomInt } from 'node:crypto';

const RANDOM_RANGE = 2 ** 32;

export class Backoff {
  #failures = 0;

  /**
   * @param initialMs upper limit of the first delay; it doubles with each failure.
   * @param maxMs upper limit of any delay, also of one that the other side asks for.
   * @param random uniform in [0, 1).
   */
  constructor(
    private readonly initialMs: number,
    private readonly maxMs: number,
    private readonly random: () => number = () => randomInt(RANDOM_RANGE) / RANDOM_RANGE,
  ) {}

  /** The milliseconds to wait after one more failure, at least `askedMs` (a Retry-After), at most the maximum. */
  next(askedMs = 0): number {
    const ceiling = Math.min(this.maxMs, this.initialMs * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 32);
    return Math.ceil(Math.min(this.maxMs, Math.max(askedMs, this.random() * ceiling)));
  }

  /** After a success the next failure waits the initial time again. */
  reset(): void {
    this.#failures = 0;
  }
}
