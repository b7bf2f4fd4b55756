/** Holds a rate: pure, time comes in as a parameter. A sender may be ahead by one burst, and waits for the rest. */

export class TokenBucket {
  #tokens: number;
  #at: number;

  /**
   * @param perSecond tokens that come in a second.
   * @param burst the most that wait to be taken.
   * @param now monotonic milliseconds.
   */
  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    now: number,
  ) {
    this.#tokens = burst;
    this.#at = now;
  }

  /** Takes `tokens`, in advance where they have not come yet; the milliseconds to wait before they may be used. */
  take(tokens: number, now: number): number {
    this.#tokens = Math.min(this.burst, this.#tokens + ((now - this.#at) / 1000) * this.perSecond) - tokens;
    this.#at = now;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.perSecond) * 1000;
  }
}
