/**
 * What a source is allowed to do next: pure, verdicts and time come in as parameters.
 *
 *            pass                 hard
 *   starting ----> up -------------------> quarantined
 *                  ^ \ fetch failed          | wait, then start-up test again
 *                  |  -> failing             |
 *                  +------ pass -------------+
 */
import type { HealthVerdict } from '#libs/entropy';
import { Backoff } from '../backoff.js';
import type { LossReason } from '../ledger/ledger.js';

export type StateName = 'starting' | 'up' | 'failing' | 'quarantined';

/** What becomes of a fetched chunk. */
export interface Decision {
  /** Why the chunk is dropped; undefined: pass it on. */
  readonly drop?: LossReason;
  /** Drop also what the source has delivered and is still here. */
  readonly dropBuffered: boolean;
  /** How long to leave the source alone, beside the fetch interval, ms. */
  readonly waitMs: number;
}

export class SourceState {
  #name: StateName = 'starting';
  #upSince = 0;
  readonly #retry: Backoff;
  readonly #quarantine: Backoff;

  constructor(
    initialBackoffMs: number,
    private readonly maxBackoffMs: number,
  ) {
    this.#retry = new Backoff(initialBackoffMs, maxBackoffMs);
    this.#quarantine = new Backoff(initialBackoffMs, maxBackoffMs);
  }

  get name(): StateName {
    return this.#name;
  }

  /** A fetch gave a whole chunk, and the health tests said this. `now` is monotonic ms. */
  fetched(outcome: HealthVerdict['outcome'], now: number): Decision {
    this.#retry.reset();
    switch (outcome) {
      case 'pass':
        this.#beUp(now);
        return { dropBuffered: false, waitMs: 0 };
      case 'start_up':
        if (this.#name === 'failing') this.#name = 'starting';
        return { drop: 'start_up', dropBuffered: false, waitMs: 0 };
      case 'soft':
        return { drop: 'health', dropBuffered: false, waitMs: 0 };
      case 'hard':
        this.#name = 'quarantined';
        return { drop: 'quarantine', dropBuffered: true, waitMs: this.#quarantine.next() };
    }
  }

  /** A fetch failed; returns how long to leave the source alone, ms. What was fetched before stays good. */
  failed(retryAfterMs = 0): number {
    if (this.#name !== 'quarantined') this.#name = 'failing';
    return this.#retry.next(retryAfterMs);
  }

  #beUp(now: number): void {
    if (this.#name !== 'up') this.#upSince = now;
    this.#name = 'up';
    // A source that fails again and again soon after its start-up test is left alone for longer and longer.
    if (now - this.#upSince >= this.maxBackoffMs) this.#quarantine.reset();
  }
}
