/**
 * Counts every byte from its fetch to its end, so that at every moment
 *
 *   fetched = mixed in + delivered + sent + dropped + on hand (buffers and the packet on its way)
 */

import type { LossReason } from '#libs/crypto';

export class Ledger {
  #fetched = 0;
  #mixedIn = 0;
  #delivered = 0;
  #sent = 0;
  readonly #dropped = new Map<LossReason, number>();

  /** A source gave `bytes`. */
  fetch(bytes: number): void {
    this.#fetched += bytes;
  }

  /** Mixing made fewer bytes of more: `bytes` is the difference. */
  mixIn(bytes: number): void {
    this.#mixedIn += bytes;
  }

  /** The gateway took `bytes`. */
  deliver(bytes: number): void {
    this.#delivered += bytes;
  }

  /** `bytes` left on a carrier without answers. */
  send(bytes: number): void {
    this.#sent += bytes;
  }

  /** `bytes` were wiped for `reason`. */
  drop(reason: LossReason, bytes: number): void {
    if (bytes > 0) this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + bytes);
  }

  totals(): {
    fetched: number;
    mixedIn: number;
    delivered: number;
    sent: number;
    dropped: Record<string, number>;
  } {
    return {
      fetched: this.#fetched,
      mixedIn: this.#mixedIn,
      delivered: this.#delivered,
      sent: this.#sent,
      dropped: Object.fromEntries(this.#dropped),
    };
  }

  /** The bytes that must be on hand now; anything else in the buffers is a bug. */
  expectedOnHand(): number {
    const dropped = [...this.#dropped.values()].reduce((sum, bytes) => sum + bytes, 0);
    return this.#fetched - this.#mixedIn - this.#delivered - this.#sent - dropped;
  }
}
