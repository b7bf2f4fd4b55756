/** Keeps strangers from filling the log: of those beyond a rate, the access log has the number instead of the lines. */
import { EventLimit } from '../audit/event-limit.js';

/** Lines that were left out, by the status of their answers. */
export interface LeftOut {
  readonly count: number;
  readonly statuses: Readonly<Record<string, number>>;
}

export class StrangersLines {
  /** As for one event of the audit trail: nobody hides another source. */
  readonly #limit = new EventLimit<'request'>();
  readonly #leftOut = new Map<number, number>();

  /** Whether the answer `status` to a stranger at `address` is a line of its own at `now` (ms of a clock that never goes back). */
  admits(address: string, status: number, now: number): boolean {
    if (this.#limit.admits('request', address, now)) return true;
    this.#leftOut.set(status, (this.#leftOut.get(status) ?? 0) + 1);
    return false;
  }

  /** What was left out since the last call, if anything was. */
  takeLeftOut(): LeftOut | undefined {
    if (this.#leftOut.size === 0) return undefined;
    const statuses = Object.fromEntries(this.#leftOut);
    this.#leftOut.clear();
    return { count: Object.values(statuses).reduce((sum, count) => sum + count, 0), statuses };
  }
}
