/**
 * Fetches from one source for as long as there is room, tests what it gives, and keeps what is good for the mixer.
 *
 *   source.fetch -> health tests -> own buffer (two chunks) -> mixer
 *
 * Each source has its own worker, so a slow or dead one holds up no other.
 */
import { ByteRing, MIXED_UNIT, wipeAndFree } from '#libs/entropy';
import type { SourceHealth } from '#libs/entropy';
import { SourceError } from '#libs/quantis';
import type { EntropySource } from '#libs/quantis';
import type { SourceTelemetry } from '#libs/crypto';
import type { Bell } from '../bell.js';
import { logEvent } from '../log-events.js';
import { DroppedBlocks } from './dropped-blocks.js';
import type { Ledger } from '../ledger/ledger.js';
import type { SourceState, StateName } from './source-state.js';

export interface WorkerOptions {
  /** Bytes of one fetch. */
  readonly chunkSize: number;
  /** From the start of one fetch to the start of the next, ms. */
  readonly intervalMs: number;
  /** Bytes that the output can take now. */
  readonly room: () => number;
  /** Rings when there may be more room, and at the end. */
  readonly roomCame: Bell;
  /** Called when bytes were added to the buffer or the state changed. */
  readonly onChange: () => void;
}

export class SourceWorker {
  readonly buffer: ByteRing;
  readonly #stop = new AbortController();
  readonly #failures = new Map<string, number>();
  readonly #dropped = new DroppedBlocks();
  #bytes = 0;
  #lastError: string | undefined;

  constructor(
    private readonly source: EntropySource,
    private readonly health: SourceHealth,
    private readonly state: SourceState,
    private readonly ledger: Ledger,
    private readonly options: WorkerOptions,
  ) {
    this.buffer = new ByteRing(2 * options.chunkSize + MIXED_UNIT);
  }

  get name(): string {
    return this.source.name;
  }

  get stateName(): StateName {
    return this.state.name;
  }

  /** Ends only by `stop`; rejects on a bug, never on a fault of the source. */
  async run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      if (this.buffer.free < this.options.chunkSize || this.options.room() < this.options.chunkSize) {
        await this.options.roomCame.wait(Infinity);
        continue;
      }
      const started = performance.now();
      const waitMs = await this.#fetch();
      const pauseMs = Math.max(waitMs, started + this.options.intervalMs - performance.now());
      if (pauseMs > 0) await this.#pause(pauseMs);
    }
  }

  /** Gives up the fetch in flight and ends the loop. */
  stop(): void {
    this.#stop.abort();
    this.options.roomCame.ring();
  }

  telemetry(): SourceTelemetry {
    return {
      name: this.source.name,
      up: this.state.name === 'up',
      state: this.state.name,
      bytes: this.#bytes,
      healthFailures: Object.fromEntries(this.#failures),
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
    };
  }

  /** One fetch; returns how long to leave the source alone, ms. */
  async #fetch(): Promise<number> {
    let chunk: Buffer;
    try {
      chunk = await this.source.fetch(this.options.chunkSize, this.#stop.signal);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      return this.#failed(error);
    }
    this.ledger.fetch(chunk.length);
    this.#bytes += chunk.length;
    const waitMs = this.#fetched(chunk);
    wipeAndFree(chunk);
    return waitMs;
  }

  #failed(error: SourceError): number {
    if (this.#stop.signal.aborted) return 0;
    const before = this.state.name;
    const waitMs = this.state.failed(error.details.retryAfterMs);
    const changed = before !== this.state.name || this.#lastError !== error.code;
    this.#lastError = error.code;
    if (changed) {
      const { status } = error.details;
      logEvent('warn', 'source-failing', {
        source: this.name,
        reason: error.code,
        detail: error.message,
        status,
      });
      this.options.onChange();
    }
    return waitMs;
  }

  #fetched(chunk: Buffer): number {
    const before = this.state.name;
    const { outcome, failures, copyOf } = this.health.test(chunk);
    const { drop, dropBuffered, waitMs } = this.state.fetched(outcome, performance.now());
    for (const test of failures) this.#failures.set(test, (this.#failures.get(test) ?? 0) + 1);
    if (drop === undefined) this.buffer.push(chunk);
    else this.ledger.drop(drop, chunk.length);
    if (dropBuffered) {
      this.ledger.drop('quarantine', this.buffer.length);
      this.buffer.drop(this.buffer.length);
    }
    if (failures.length > 0) {
      this.#lastError = failures[0];
      const fields = { source: this.name, tests: failures };
      if (outcome === 'hard') {
        logEvent('error', 'source-quarantined', { ...fields, bytes: chunk.length, copyOf, waitMs });
      } else {
        const news = this.#dropped.note(failures, chunk.length, performance.now());
        if (news !== undefined) logEvent('warn', 'source-block-dropped', { ...fields, ...news });
      }
    }
    if (before !== 'up' && this.state.name === 'up') logEvent('log', 'source-up', { source: this.name });
    this.options.onChange();
    return waitMs;
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#stop.signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#stop.signal.addEventListener('abort', wake, { once: true });
    });
  }
}
