/** What comes into and goes out of a pool that several processes share, learned from its totals: most of it passes through others. */

/** Bytes since the pool began. */
export interface Totals {
  readonly received: number;
  readonly served: number;
}

export class Traffic {
  #last: Totals | undefined;
  #onPassed: (received: number, served: number) => void = () => undefined;

  /** Has `onPassed` called with the bytes that came in and went out since the last time. */
  watch(onPassed: (received: number, served: number) => void): void {
    this.#onPassed = onPassed;
  }

  /** Learns the totals of now. What passed before the first ones is not known to be recent, and does not count. */
  learn({ received, served }: Totals): void {
    const last = this.#last;
    this.#last = { received, served };
    if (last !== undefined) this.#onPassed(rise(last.received, received), rise(last.served, served));
  }
}

/** A total that fell is that of a Redis that lost data, such as a replica that had not heard of the last: how much passed meanwhile is not known. */
function rise(before: number, now: number): number {
  return Math.max(0, now - before);
}
