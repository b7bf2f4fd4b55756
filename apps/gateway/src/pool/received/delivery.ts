/**
 * Whether what one collector delivers can be served: pure, bytes and time come in as parameters.
 *
 *            a block fails a test              tenth failing block within a day
 *   good ------------------------> doubtful ------------------------------------> refused
 *     ^                             |     ^                                          |
 *     +---- a start-up is passed ---+     +---- its collector begins a new run ------+
 *
 * The collector has tested these bytes and should have dropped such a block, so here one is enough, soft or hard: perfect
 * bytes fail less than once in 250 years (docs/health-tests.md). A start-up is twice as long with each failing block.
 */
import { BLOCK_BYTES, BlockCutter } from '#libs/entropy';
import type { HealthTest, SourceHealth } from '#libs/entropy';

export type Standing = 'good' | 'doubtful' | 'refused';

/** This many bytes in a row are judged, then none until a second after the first: testing all of 30 MB/s would cost as much as taking it. */
const WINDOW_BYTES = 2 ** 19;
const WINDOW_MS = 1000;
const DAY_MS = 86_400_000;
const REFUSED_AFTER = 10;

export class Delivery {
  readonly #cutter = new BlockCutter();
  #standing: Standing = 'good';
  #boot = 0n;
  /** Failing blocks of the last day, and over how many bytes each showed; monotonic ms. */
  #failed: { readonly at: number; readonly window: number }[] = [];
  #startUpLeft = 0;
  #windowLeft = 0;
  #windowFrom = -Infinity;

  constructor(private readonly health: SourceHealth) {}

  /** How a packet of the run `boot` stands before it is accepted. */
  standing(boot: bigint): Standing {
    return this.#standing === 'refused' && boot > this.#boot ? 'doubtful' : this.#standing;
  }

  /** Judges the data of an accepted packet, as much of it as is looked at; gives the tests that a block of it failed. */
  judge(boot: bigint, data: Buffer, now: number): HealthTest[] {
    if (this.#standing === 'refused' && boot > this.#boot) {
      this.#standing = 'doubtful';
      this.#beginStartUp(now);
    }
    if (boot > this.#boot) this.#boot = boot;
    const failures = new Set<HealthTest>();
    for (const block of this.#cutter.cut(this.#partOf(data, now))) {
      const { tier, failures: tests, window } = this.health.judge(block);
      if (tier === 'pass') this.#pass(block.length);
      else this.#fail(now, window);
      for (const test of tests) failures.add(test);
    }
    return [...failures];
  }

  /** Wipes what waits for the rest of its block. */
  wipe(): void {
    this.#cutter.drop();
  }

  #partOf(data: Buffer, now: number): Buffer {
    if (this.#windowLeft === 0) {
      if (now - this.#windowFrom < WINDOW_MS) return data.subarray(0, 0);
      this.#windowLeft = WINDOW_BYTES;
      this.#windowFrom = now;
    }
    const part = data.subarray(0, this.#windowLeft);
    this.#windowLeft -= part.length;
    return part;
  }

  #pass(bytes: number): void {
    if (this.#standing !== 'doubtful') return;
    this.#startUpLeft -= bytes;
    if (this.#startUpLeft <= 0) this.#standing = 'good';
  }

  #fail(now: number, window: number): void {
    this.#failed = [...this.#withinADay(now), { at: now, window }];
    this.#standing = this.#failed.length >= REFUSED_AFTER ? 'refused' : 'doubtful';
    this.#beginStartUp(now);
  }

  #beginStartUp(now: number): void {
    const failed = this.#withinADay(now).slice(-REFUSED_AFTER);
    this.#startUpLeft = Math.max(BLOCK_BYTES * 2 ** failed.length, ...failed.map(({ window }) => window));
  }

  #withinADay(now: number): { readonly at: number; readonly window: number }[] {
    return this.#failed.filter(({ at }) => now - at < DAY_MS).slice(-REFUSED_AFTER);
  }
}
