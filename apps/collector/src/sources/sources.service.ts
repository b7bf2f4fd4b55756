/** Runs one worker for each source and the mixer behind them; ends them when the application ends. */
import { Injectable } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import {
  BLOCK_BYTES,
  checkKnownAnswers,
  conditioningRatio,
  FULL_ENTROPY,
  SeenBytes,
  SourceHealth,
} from '#libs/entropy';
import { EntropySources } from '#libs/quantis';
import type { EntropySource } from '#libs/quantis';
import type { MixingTelemetry, SourceTelemetry } from '#libs/crypto';
import { Bell } from '../bell.js';
import { CollectorSettings } from '../settings.js';
import { Ledger } from '../ledger/ledger.js';
import { Mixer } from './mixer.js';
import { OutputBuffer } from './output-buffer.js';
import { SourceState } from './source-state.js';
import { SourceWorker } from './source-worker.js';

/** The name under which the mixed stage is released. */
export const MIXED = 'mixed';

@Injectable()
export class SourcesService implements OnModuleDestroy {
  readonly #workers: readonly SourceWorker[];
  readonly #mixer: Mixer;
  readonly #roomCame = new Bell();
  readonly #seen = new SeenBytes();
  #running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly settings: CollectorSettings,
    sources: EntropySources,
    private readonly output: OutputBuffer,
    private readonly ledger: Ledger,
  ) {
    const claims = sources.all.map((_, index) => claimOf(settings, index));
    const conditions = settings.QRNG_MIXING_STRATEGY === 'cbc-mac';
    if (conditions) checkKnownAnswers();
    const ratio = conditions ? conditioningRatio(Math.min(...claims)) : 1;
    this.#workers = sources.all.map((source, index) =>
      this.#worker(source, claims[index], ratio * BLOCK_BYTES),
    );
    const stage = { health: new SourceHealth(MIXED), state: this.#state() };
    this.#mixer = new Mixer(this.#workers, stage, output, ledger, {
      strategy: settings.QRNG_MIXING_STRATEGY,
      minimum: settings.QRNG_MIXING_MIN_SOURCES ?? sources.all.length,
      ratio,
      onRested: () => this.#pump(),
    });
    output.onRoom = () => this.#pump();
    output.onClear = () => this.#clear();
  }

  start(): void {
    this.#running = Promise.all(this.#workers.map((worker) => worker.run()));
  }

  /** What the sources gave and can be mixed is in the output afterwards. */
  async onModuleDestroy(): Promise<void> {
    for (const worker of this.#workers) worker.stop();
    await this.#running;
    this.#mixer.pump();
    this.#mixer.stop();
  }

  telemetry(): SourceTelemetry[] {
    return this.#workers.map((worker) => worker.telemetry());
  }

  /** How the mixing is; undefined where nothing is mixed. */
  mixing(): MixingTelemetry | undefined {
    return this.settings.QRNG_MIXING_STRATEGY === 'none' ? undefined : this.#mixer.telemetry();
  }

  /** Lets sources that are latched try again, all of them or those with these names; returns which were. */
  release(names?: readonly string[]): string[] {
    const wanted = (name: string): boolean => names === undefined || names.includes(name);
    const released = this.#workers
      .filter((worker) => wanted(worker.name) && worker.release())
      .map(({ name }) => name);
    if (wanted(MIXED) && this.#mixer.release()) released.push(MIXED);
    this.#pump();
    return released;
  }

  /** Bytes that wait in the workers' buffers. */
  bufferedBytes(): number {
    return this.#workers.reduce((sum, worker) => sum + worker.heldBytes, 0);
  }

  #clear(): number {
    return this.#workers.reduce((sum, worker) => sum + worker.clear(), 0);
  }

  #worker(source: EntropySource, claim: number | undefined, unit: number): SourceWorker {
    const { settings, output } = this;
    return new SourceWorker(
      source,
      new SourceHealth(source.name, this.#seen, claim),
      this.#state(),
      this.ledger,
      {
        chunkSize: settings.QRNG_FETCH_CHUNK_SIZE,
        intervalMs: settings.QRNG_FETCH_INTERVAL_MS,
        unit,
        room: () => output.free,
        roomCame: this.#roomCame,
        onChange: () => this.#pump(),
        dropPassedOn: () => (passesUnmixed(settings) ? output.dropAll() : 0),
      },
    );
  }

  #state(): SourceState {
    return new SourceState(this.settings.QRNG_INITIAL_BACKOFF_MS, this.settings.QRNG_MAX_BACKOFF_MS);
  }

  #pump(): void {
    this.#mixer.pump();
    this.#roomCame.ring();
  }
}

/** Whether bytes of one source alone can be passed on. */
function passesUnmixed({ QRNG_MIXING_STRATEGY: strategy, ...settings }: CollectorSettings): boolean {
  return strategy === 'none' || settings.QRNG_MIXING_MIN_SOURCES === 1;
}

/** Bits of min-entropy a byte that the source at `index` claims. */
function claimOf({ QRNG_SOURCE_MIN_ENTROPY: list }: CollectorSettings, index: number): number {
  const claim = list?.[index] ?? list?.[0];
  return claim === undefined ? FULL_ENTROPY : Number(claim);
}
