/**
 * Fetches from one source for as long as there is room, judges what it gives block by block, and keeps what is good for
 * the mixer.
 *
 *   source.fetch -> BlockCutter -> health tests -> own buffer -> mixer
 *
 * Each source has its own worker, so a slow or dead one holds up no other. A byte leaves with its block or not at all.
 */
import { BLOCK_BYTES, BlockCutter, ByteRing, wipeAndFree } from '#libs/entropy';
import type { SourceHealth } from '#libs/entropy';
import { SourceError } from '#libs/quantis';
import type { EntropySource } from '#libs/quantis';
import type { SourceTelemetry } from '#libs/crypto';
import type { Bell } from '../bell.js';
import type { Ledger } from '../ledger/ledger.js';
import { SourceLog } from './source-log.js';
import type { SourceState, StateName } from './source-state.js';

export interface WorkerOptions {
  /** Bytes of one fetch. */
  readonly chunkSize: number;
  /** From the start of one fetch to the start of the next, ms. */
  readonly intervalMs: number;
  /** Bytes that the mixer takes of each source at least. */
  readonly unit: number;
  /** Bytes that the output can take now. */
  readonly room: () => number;
  /** Rings when there may be more room, when sources were released, and at the end. */
  readonly roomCame: Bell;
  /** Called when bytes were added to the buffer or the state changed. */
  readonly onChange: () => void;
  /** Wipes what this source alone delivered and was passed on already; returns how many bytes. */
  readonly dropPassedOn: () => number;
}

export class SourceWorker {
  readonly buffer: ByteRing;
  readonly #cutter = new BlockCutter();
  readonly #stop = new AbortController();
  readonly #failures = new Map<string, number>();
  readonly #log: SourceLog;
  #bytes = 0;
  #lastError: string | undefined;

  constructor(
    private readonly source: EntropySource,
    private readonly health: SourceHealth,
    private readonly state: SourceState,
    private readonly ledger: Ledger,
    private readonly options: WorkerOptions,
  ) {
    this.buffer = new ByteRing(2 * Math.max(options.chunkSize, options.unit) + 2 * BLOCK_BYTES);
    this.#log = new SourceLog(source.name);
  }

  get name(): string {
    return this.source.name;
  }

  get stateName(): StateName {
    return this.state.name;
  }

  /** Whether there is no room for another chunk: it waits for the other sources. */
  get full(): boolean {
    return this.buffer.free < this.options.chunkSize + BLOCK_BYTES;
  }

  /** Bytes that wait here, to be judged or to be mixed. */
  get heldBytes(): number {
    return this.#cutter.held + this.buffer.length;
  }

  /** Ends only by `stop`; rejects on a bug, never on a fault of the source. */
  async run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      if (this.state.name === 'persistent' || this.full || this.options.room() < this.options.chunkSize) {
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

  /** Wipes the bytes that wait here; returns how many there were. */
  clear(): number {
    const cleared = this.#cutter.drop() + this.buffer.length;
    this.buffer.drop(this.buffer.length);
    return cleared;
  }

  /** An operator had a look; returns whether the source was latched. */
  release(): boolean {
    if (!this.state.release()) return false;
    this.#log.released();
    this.options.roomCame.ring();
    return true;
  }

  telemetry(): SourceTelemetry {
    const { certificateExpiresAt } = this.source;
    return {
      name: this.source.name,
      up: this.state.name === 'up',
      state: this.state.name,
      bytes: this.#bytes,
      healthFailures: Object.fromEntries(this.#failures),
      quarantines: this.state.failures,
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
      ...(certificateExpiresAt === undefined ? {} : { certificateExpiresAt }),
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
    const before = this.state.name;
    this.state.answered();
    this.health.answered(chunk);
    const waitMs = this.#take(chunk);
    wipeAndFree(chunk);
    if (before !== 'up' && this.state.name === 'up') this.#log.up(performance.now());
    this.options.onChange();
    return waitMs;
  }

  #failed(error: SourceError): number {
    if (this.#stop.signal.aborted) return 0;
    const now = performance.now();
    const before = this.state.name;
    const waitMs = this.state.outage(now, error.details.retryAfterMs);
    this.ledger.drop('start_up', this.#cutter.drop());
    if (before !== this.state.name || this.#lastError !== error.code) {
      this.#log.failing(error, now);
      this.options.onChange();
    }
    this.#lastError = error.code;
    return waitMs;
  }

  /** Judges the blocks that `chunk` completes; returns how long to leave the source alone, ms. */
  #take(chunk: Buffer): number {
    let left = this.#cutter.held + chunk.length;
    for (const block of this.#cutter.cut(chunk)) {
      left -= block.length;
      const waitMs = this.#judge(block);
      if (waitMs === undefined) continue;
      // What is behind the block is of the same source at the same time.
      this.ledger.drop('quarantine', left);
      return waitMs;
    }
    return 0;
  }

  /** Judges one block; returns how long to leave the source alone if it was put out of use, ms. */
  #judge(block: Buffer): number | undefined {
    const now = performance.now();
    const judgement = this.health.judge(block);
    const { drop, failed, waitMs } = this.state.judged(judgement, now);
    if (drop === undefined) this.buffer.push(block);
    else this.ledger.drop(drop, block.length);
    const { failures } = judgement;
    for (const test of failures) this.#failures.set(test, (this.#failures.get(test) ?? 0) + 1);
    if (failures.length > 0) this.#lastError = failures[0];
    if (!failed) {
      if (failures.length > 0) this.#log.dropped(judgement, block.length, now);
      return undefined;
    }
    this.ledger.drop('quarantine', this.buffer.length + this.options.dropPassedOn());
    this.buffer.drop(this.buffer.length);
    this.#log.quarantined(judgement, waitMs, now);
    if (this.state.name === 'persistent') this.#log.latched(now);
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
