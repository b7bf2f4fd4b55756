/**
 * Makes one stream of several: takes equally long pieces of the sources, mixes and tests them, and fills the output.
 *
 *   worker.buffer, worker.buffer, ... -> decideMix -> mix -> health tests -> OutputBuffer
 */
import { mix, MIXED_UNIT, MixingError, wipeAndFree } from '#libs/entropy';
import type { MixingStrategy, SourceHealth } from '#libs/entropy';
import { logEvent } from '../log-events.js';
import type { Ledger } from '../ledger/ledger.js';
import { DroppedBlocks } from './dropped-blocks.js';
import { decideMix } from './mix-decision.js';
import type { OutputBuffer } from './output-buffer.js';
import type { SourceWorker } from './source-worker.js';

export interface MixerOptions {
  readonly strategy: MixingStrategy;
  /** Sources that must contribute to every block. */
  readonly minimum: number;
  /** Bytes of one fetch, to know when a worker's buffer is full. */
  readonly chunkSize: number;
}

export class Mixer {
  readonly #dropped = new DroppedBlocks();
  #mood: 'mixing-restored' | 'mixing-degraded' | 'mixing-stopped' | undefined;

  constructor(
    private readonly workers: readonly SourceWorker[],
    private readonly health: SourceHealth,
    private readonly output: OutputBuffer,
    private readonly ledger: Ledger,
    private readonly options: MixerOptions,
  ) {}

  /** Passes on all that can be passed on now. */
  pump(): void {
    this.#noteMood();
    const unit = this.options.strategy === 'none' ? 1 : MIXED_UNIT;
    for (;;) {
      const supplies = this.workers.map(({ buffer, stateName }) => ({
        up: stateName === 'up',
        available: buffer.length,
        full: buffer.free < this.options.chunkSize,
      }));
      const { inputs, bytes } = decideMix(supplies, this.options.minimum, unit, this.output.free);
      if (bytes === 0) return;
      this.#pass(inputs.flatMap((index) => this.workers[index]?.buffer.take(bytes) ?? []));
    }
  }

  #pass(pieces: Buffer[]): void {
    const [first] = pieces;
    if (first === undefined) return;
    const mixed = pieces.length === 1 ? first : this.#mix(pieces);
    this.ledger.mixIn((pieces.length - 1) * first.length);
    if (mixed === undefined) this.ledger.drop('mixed_health', first.length);
    else this.output.push(mixed);
    if (mixed !== undefined) wipeAndFree(mixed);
    for (const piece of pieces) wipeAndFree(piece);
  }

  /** The mixed block, if it is healthy. */
  #mix(pieces: readonly Buffer[]): Buffer | undefined {
    let tests: string[];
    try {
      const mixed = mix(this.options.strategy, pieces);
      const { outcome, failures } = this.health.test(mixed);
      if (outcome === 'pass') return mixed;
      tests = failures;
    } catch (error) {
      if (!(error instanceof MixingError)) throw error;
      tests = [error.code];
    }
    const news = this.#dropped.note(tests, pieces[0]?.length ?? 0, performance.now());
    if (news !== undefined) logEvent('error', 'mixed-block-dropped', { tests, ...news });
    return undefined;
  }

  /** Logs when sources drop out or come back, once. */
  #noteMood(): void {
    if (this.workers.length < 2) return;
    const down = this.workers.filter((worker) => worker.stateName !== 'up').map((worker) => worker.name);
    const up = this.workers.length - down.length;
    const mood =
      up < this.options.minimum ? 'mixing-stopped' : down.length > 0 ? 'mixing-degraded' : 'mixing-restored';
    if (mood === this.#mood) return;
    this.#mood = mood;
    const level = mood === 'mixing-stopped' ? 'error' : mood === 'mixing-degraded' ? 'warn' : 'log';
    logEvent(level, mood, { up, minimum: this.options.minimum, down });
  }
}
