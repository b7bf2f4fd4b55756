/**
 * Makes one stream of several: takes equally long pieces of the sources, mixes and judges them, and fills the output.
 *
 *   worker.buffer, worker.buffer, ... -> decideMix -> mix -> health tests -> OutputBuffer
 *
 * The mixed stage has a state like that of a source: what fails there shows that the sources have to do with each other,
 * and nothing is mixed until new blocks have passed a start-up.
 */
import { BLOCK_BYTES, mix, MixingError, wipeAndFree } from '#libs/entropy';
import type { Judgement, MixingStrategy, SourceHealth } from '#libs/entropy';
import type { MixingTelemetry } from '#libs/crypto';
import type { Ledger } from '../ledger/ledger.js';
import { decideMix } from './mix-decision.js';
import { MixerLog } from './mixer-log.js';
import type { OutputBuffer } from './output-buffer.js';
import type { SourceState } from './source-state.js';
import type { SourceWorker } from './source-worker.js';

export interface MixerOptions {
  readonly strategy: MixingStrategy;
  /** Sources that must contribute to every block. */
  readonly minimum: number;
  /** Bytes of each source for one that comes out. */
  readonly ratio: number;
  /** Called when a rest is over: pump again, and let the sources go on. */
  readonly onRested: () => void;
}

/** Where mixed blocks are judged. */
export interface MixedStage {
  readonly health: SourceHealth;
  readonly state: SourceState;
}

export class Mixer {
  readonly #log = new MixerLog();
  readonly #failures = new Map<string, number>();
  #resting: NodeJS.Timeout | undefined;

  constructor(
    private readonly workers: readonly SourceWorker[],
    private readonly stage: MixedStage,
    private readonly output: OutputBuffer,
    private readonly ledger: Ledger,
    private readonly options: MixerOptions,
  ) {}

  /** Passes on all that can be passed on now. */
  pump(): void {
    this.#log.mood(this.workers, this.options.minimum);
    const unit = this.options.strategy === 'none' ? 1 : this.#unit;
    while (this.#resting === undefined && this.stage.state.name !== 'persistent') {
      const supplies = this.workers.map(({ buffer, stateName, full }) => ({
        up: stateName === 'up',
        available: buffer.length,
        full,
      }));
      const { inputs, bytes } = decideMix(supplies, this.options.minimum, unit, this.#room());
      if (bytes === 0) return;
      this.#pass(inputs.flatMap((index) => this.workers[index]?.buffer.take(bytes) ?? []));
    }
  }

  /** An operator had a look; returns whether the mixed stage was latched. */
  release(): boolean {
    if (!this.stage.state.release()) return false;
    this.#log.released();
    return true;
  }

  /** Ends a rest, so that the process can end. */
  stop(): void {
    clearTimeout(this.#resting);
  }

  telemetry(): MixingTelemetry {
    const up = this.workers.filter((worker) => worker.stateName === 'up').length;
    const stops = this.#resting !== undefined || this.stage.state.name === 'persistent';
    return {
      up: up >= this.options.minimum && !stops,
      state: this.stage.state.name,
      sourcesUp: up,
      minimum: this.options.minimum,
      quarantines: this.stage.state.failures,
      healthFailures: Object.fromEntries(this.#failures),
    };
  }

  /** Bytes of each source that make one block. */
  get #unit(): number {
    return BLOCK_BYTES * this.options.ratio;
  }

  /** Bytes of each source that the output has room for. */
  #room(): number {
    const { free } = this.output;
    return this.options.strategy === 'none' ? free : Math.floor(free / BLOCK_BYTES) * this.#unit;
  }

  #pass(pieces: Buffer[]): void {
    const { strategy } = this.options;
    const unit = this.#unit;
    const [first] = pieces;
    if (first === undefined) return;
    if (strategy === 'none' || (pieces.length === 1 && strategy !== 'cbc-mac')) this.output.push(first);
    else {
      for (let at = 0; at < first.length; at += unit) {
        this.#mix(pieces.map((piece) => piece.subarray(at, at + unit)));
      }
    }
    for (const piece of pieces) wipeAndFree(piece);
  }

  #mix(pieces: readonly Buffer[]): void {
    const { state } = this.stage;
    const taken = pieces.length * this.#unit;
    // A block before this one was bad, in the same call.
    if (this.#resting !== undefined || state.name === 'persistent') {
      this.ledger.drop('mixed_health', taken);
      return;
    }
    const now = performance.now();
    const { mixed, judgement } = this.#judge(pieces);
    const { drop, failed, waitMs } = state.judged(judgement, now);
    this.ledger.mixIn(taken - BLOCK_BYTES);
    if (drop === undefined && mixed !== undefined) this.output.push(mixed);
    else this.ledger.drop(drop === 'start_up' ? 'start_up' : 'mixed_health', BLOCK_BYTES);
    if (mixed !== undefined) wipeAndFree(mixed);
    for (const test of judgement.failures) this.#failures.set(test, (this.#failures.get(test) ?? 0) + 1);
    if (judgement.failures.length > 0) this.#log.dropped(judgement.failures, BLOCK_BYTES, now);
    if (failed) this.#rest(waitMs, now);
  }

  #judge(pieces: readonly Buffer[]): {
    mixed?: Buffer;
    judgement: Pick<Judgement, 'tier' | 'window'> & { failures: string[] };
  } {
    try {
      const mixed = mix(this.options.strategy, pieces, this.options.ratio);
      return { mixed, judgement: this.stage.health.judge(mixed) };
    } catch (error) {
      if (!(error instanceof MixingError)) throw error;
      return { judgement: { tier: 'hard', window: BLOCK_BYTES, failures: [error.code] } };
    }
  }

  #rest(ms: number, now: number): void {
    this.#log.stopped(this.stage.state.name === 'persistent', ms, now);
    this.#resting = setTimeout(() => {
      this.#resting = undefined;
      this.options.onRested();
    }, ms);
  }
}
