/** The state of the shared pool, as of the last answer of Redis. */
import type { DiscardReason } from '../pool.js';
import type { PoolReply } from './script-prelude.js';

/** Bytes of all gateways since Redis' state began; `received = served + discarded + stored + leased`, always. */
export interface Ledger {
  readonly received: number;
  readonly served: number;
  readonly discarded: number;
  /** In Redis. */
  readonly stored: number;
  /** In the memory of the gateways, as they last reported it. */
  readonly leased: number;
}

export class SharedLevel {
  ledger: Ledger = { received: 0, served: 0, discarded: 0, stored: 0, leased: 0 };
  #own = 0;
  #oldestAt: number | undefined;
  readonly #onDiscard: (reason: DiscardReason, bytes: number) => void;

  /** @param onDiscard is called with what a script of this gateway dropped, for all of them. */
  constructor(onDiscard: (reason: DiscardReason, bytes: number) => void) {
    this.#onDiscard = onDiscard;
  }

  get stored(): number {
    return this.ledger.stored;
  }

  get leasedByOthers(): number {
    return Math.max(0, this.ledger.leased - this.#own);
  }

  /** Milliseconds since the oldest byte in Redis came; 0 when there is none. */
  oldestAgeMs(now: number): number {
    return this.#oldestAt === undefined ? 0 : Math.max(0, now - this.#oldestAt);
  }

  learn(reply: PoolReply<unknown, unknown>, now: number): void {
    const [, , [received, served, discarded, stored, leased], own, reasons, oldestAgeMs, fresh] = reply;
    const [replaced, expired, fence, lease, health] = reasons;
    this.#count('replaced', replaced);
    this.#count('expired', expired);
    this.#count('lease', lease);
    this.#count('health', health);
    // A Redis that lost its data cannot say how much it was: then what was last known of it counts.
    this.#count('fence', fresh === 1 ? Math.max(fence, this.ledger.stored) : fence);
    this.#own = own;
    this.ledger = { received, served, discarded, stored, leased };
    this.#oldestAt = stored === 0 ? undefined : now - oldestAgeMs;
  }

  #count(reason: DiscardReason, bytes: number): void {
    if (bytes > 0) this.#onDiscard(reason, bytes);
  }
}
