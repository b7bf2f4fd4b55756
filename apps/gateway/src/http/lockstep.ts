/**
 * Requests that were read in one turn of the event loop go on in lockstep:
 *
 *   read, read, read -> authenticate, authenticate, authenticate -> ... -> log, log, log
 *
 * A small request under load then costs less (docs/decisions/0007-requests-in-lockstep.md has the figures), most likely because
 * each step finds its code where the request before has left it, in the processor's caches. A request that is alone waits for
 * the end of its turn and nothing else.
 *
 * Node accepts one connection in a turn. So while connections come, those who wait let more of them in before they go on: else,
 * of a hundred that come at once, each would wait for an answer to all before it, and again for one to all before the next.
 */

/** A larger crowd goes in groups, one a turn. */
const MOST = 64;

/** What an answer costs, about: others are let in for as long as those who wait will take themselves. */
const ANSWER_MS = 0.05;

export class Lockstep {
  readonly #waiting: (() => void)[] = [];
  #isDue = false;
  /** Whether a connection came since the last turn. */
  #hasNewcomer = false;
  /** When those who wait go on, even if more come. */
  #latest: number | undefined;

  /** @param now a clock in milliseconds that never goes back. */
  constructor(private readonly now: () => number) {}

  noteNewcomer(): void {
    this.#hasNewcomer = true;
    this.#schedule();
  }

  /** Calls `goOn` together with the others of its turn. */
  join(goOn: () => void): void {
    this.#waiting.push(goOn);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isDue = false;
    if (!this.#letsOthersIn()) {
      this.#latest = undefined;
      for (const goOn of this.#waiting.splice(0, MOST)) goOn();
    }
    if (this.#waiting.length > 0) this.#schedule();
  };

  #letsOthersIn(): boolean {
    if (!this.#hasNewcomer) return false;
    this.#hasNewcomer = false;
    if (this.#waiting.length === 0) return false;
    const now = this.now();
    this.#latest ??= now + this.#waiting.length * ANSWER_MS;
    return now < this.#latest;
  }
}
