/** Runs one worker for each source and the mixer behind them; ends them when the application ends. */
import { Injectable } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { SeenBytes, SourceHealth } from '#libs/entropy';
import { EntropySources } from '#libs/quantis';
import type { EntropySource } from '#libs/quantis';
import type { SourceTelemetry } from '#libs/crypto';
import { Bell } from '../bell.js';
import { CollectorSettings } from '../settings.js';
import { Ledger } from '../ledger/ledger.js';
import { Mixer } from './mixer.js';
import { OutputBuffer } from './output-buffer.js';
import { SourceState } from './source-state.js';
import { SourceWorker } from './source-worker.js';

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
    this.#workers = sources.all.map((source) => this.#worker(source));
    this.#mixer = new Mixer(this.#workers, new SourceHealth('mixed', new SeenBytes(), 0), output, ledger, {
      strategy: settings.QRNG_MIXING_STRATEGY,
      minimum: settings.QRNG_MIXING_MIN_SOURCES ?? sources.all.length,
      chunkSize: settings.QRNG_FETCH_CHUNK_SIZE,
    });
    output.onRoom = () => this.#pump();
    output.onClear = () => this.#clear();
  }

  /** Begins to fetch. */
  start(): void {
    this.#running = Promise.all(this.#workers.map((worker) => worker.run()));
  }

  /** What the sources gave and can be mixed is in the output afterwards. */
  async onModuleDestroy(): Promise<void> {
    for (const worker of this.#workers) worker.stop();
    await this.#running;
    this.#mixer.pump();
  }

  telemetry(): SourceTelemetry[] {
    return this.#workers.map((worker) => worker.telemetry());
  }

  /** Bytes that wait in the workers' buffers. */
  bufferedBytes(): number {
    return this.#workers.reduce((sum, worker) => sum + worker.buffer.length, 0);
  }

  #clear(): number {
    const bytes = this.bufferedBytes();
    for (const { buffer } of this.#workers) buffer.drop(buffer.length);
    return bytes;
  }

  #worker(source: EntropySource): SourceWorker {
    const { settings } = this;
    return new SourceWorker(
      source,
      new SourceHealth(source.name, this.#seen),
      new SourceState(settings.QRNG_INITIAL_BACKOFF_MS, settings.QRNG_MAX_BACKOFF_MS),
      this.ledger,
      {
        chunkSize: settings.QRNG_FETCH_CHUNK_SIZE,
        intervalMs: settings.QRNG_FETCH_INTERVAL_MS,
        room: () => this.output.free,
        roomCame: this.#roomCame,
        onChange: () => this.#pump(),
      },
    );
  }

  #pump(): void {
    this.#mixer.pump();
    this.#roomCame.ring();
  }
}
