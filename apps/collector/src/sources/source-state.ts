/**
 * What a source, or the mixing of all of them, is allowed to do next: pure, verdicts and time come in as parameters.
 *
 *              start-up passed            hard, or the third soft one
 *   starting --------------------> up ---------------------------------> intermittent
 *     ^  ^                        |  ^                                    |    |
 *     |  +--- failing <-----------+  +----- longer start-up passed -------+    | tenth time within a day
 *     |         an outage                                                     v
 *     +----------------------- released by an operator ------------------ persistent
 *
 * SP 800-90B calls a failure that goes away intermittent, and one that does not persistent.
 */
import type { LossReason } from '#libs/crypto';
import { BLOCK_BYTES } from '#libs/entropy';
import type { Judgement } from '#libs/entropy';
import { Backoff } from '../backoff.js';

export type StateName = 'starting' | 'up' | 'failing' | 'intermittent' | 'persistent';

/**
 * This many soft failures within this many blocks are a hard one. Perfect bytes fail softly once in 250 years at 30 MB/s
 * (docs/health-tests.md), 2^-44 a block; two more within 2^20 blocks of a first have a chance of 2^-50,
 * but where the count of a window that goes on is too high already.
 */
const SOFT_FAILURES = 3;
const SOFT_BLOCKS = 2 ** 20;
const DAY_MS = 86_400_000;
/** Failures within a day after which only an operator can release it. */
const LATCH_AFTER = 10;

export interface Decision {
  /** Why it is dropped; undefined: pass it on. */
  readonly drop?: LossReason;
  /** This block put the source out of use: drop what else it delivered and is still here. */
  readonly failed: boolean;
  /** How long to leave it alone then, ms. */
  readonly waitMs: number;
}

export class SourceState {
  #name: StateName = 'starting';
  /** Bytes that must pass in a row before the first one is used (SP 800-90B 4.3: 1024 at least). */
  #startUpLeft = BLOCK_BYTES;
  #blocks = 0;
  /** At which blocks a soft failure was, the latest ones. */
  #softAt: number[] = [];
  /** When it failed badly within the last day, monotonic ms, and over how many bytes that showed. */
  #failed: { readonly at: number; readonly window: number }[] = [];
  #failures = 0;
  readonly #retry: Backoff;
  readonly #quarantine: Backoff;

  constructor(initialBackoffMs: number, maxBackoffMs: number) {
    this.#retry = new Backoff(initialBackoffMs, maxBackoffMs);
    this.#quarantine = new Backoff(initialBackoffMs, maxBackoffMs);
  }

  get name(): StateName {
    return this.#name;
  }

  /** How often it was put out of use since the collector started. */
  get failures(): number {
    return this.#failures;
  }

  /** A fetch gave all that was asked for. */
  answered(): void {
    this.#retry.reset();
    if (this.#name === 'failing') this.#name = 'starting';
  }

  /** The health tests judged one block. `now` is monotonic ms. */
  judged({ tier, window }: Pick<Judgement, 'tier' | 'window'>, now: number): Decision {
    this.#blocks++;
    if (tier === 'hard' || (tier === 'soft' && this.#softAddUp())) return this.#fail(now, window);
    if (tier === 'soft') {
      if (this.#name !== 'up') this.#beginStartUp(now);
      return { drop: 'health', failed: false, waitMs: 0 };
    }
    if (this.#name === 'up') return PASS;
    this.#startUpLeft -= BLOCK_BYTES;
    if (this.#startUpLeft > 0) return { drop: 'start_up', failed: false, waitMs: 0 };
    this.#name = 'up';
    return PASS; // the samples of a start-up may be used once it is passed (4.3)
  }

  /** A fetch failed; returns how long to leave the source alone, ms. What was judged before stays good. */
  outage(now: number, retryAfterMs = 0): number {
    if (this.#name === 'up' || this.#name === 'starting') this.#name = 'failing';
    // Whatever the source went through meanwhile, it proves itself again.
    this.#beginStartUp(now);
    return this.#retry.next(retryAfterMs);
  }

  /** An operator had a look: a source that is latched may try again, as if it had just been started. */
  release(): boolean {
    if (this.#name !== 'persistent') return false;
    this.#name = 'starting';
    this.#failed = [];
    this.#softAt = [];
    this.#quarantine.reset();
    this.#startUpLeft = BLOCK_BYTES;
    return true;
  }

  /** Whether this soft failure is one too many. */
  #softAddUp(): boolean {
    this.#softAt = [...this.#softAt.filter((block) => this.#blocks - block < SOFT_BLOCKS), this.#blocks];
    return this.#softAt.length >= SOFT_FAILURES;
  }

  #fail(now: number, window: number): Decision {
    this.#failures++;
    this.#softAt = [];
    if (this.#withinADay(now).length === 0) this.#quarantine.reset();
    this.#failed.push({ at: now, window });
    this.#name = this.#failed.length >= LATCH_AFTER ? 'persistent' : 'intermittent';
    this.#beginStartUp(now);
    return { drop: 'quarantine', failed: true, waitMs: this.#quarantine.next() };
  }

  /** The start-up is twice as long for each failure within a day, and as long as the windows that these showed in. */
  #beginStartUp(now: number): void {
    const failed = this.#withinADay(now);
    this.#startUpLeft = Math.max(BLOCK_BYTES * 2 ** failed.length, ...failed.map(({ window }) => window));
  }

  #withinADay(now: number): { readonly window: number }[] {
    this.#failed = this.#failed.filter(({ at }) => now - at < DAY_MS);
    return this.#failed;
  }
}

const PASS: Decision = { failed: false, waitMs: 0 };
