/** Reads raw bytes from a character device, such as /dev/qrandom0 of the Quantis PCIe driver, or a FIFO, in a thread of its own. */
import { Worker } from 'node:worker_threads';
import type { ReadAnswer, ReadRequest } from './device-reader.js';
import { SourceError } from './source.js';
import type { EntropySource } from './source.js';
import { fetchLimitMs, withDeadline } from './with-deadline.js';

/** The flags of a request. */
const CANCELLED = 0;
const ENDED = 1;
/** How long a process that ends waits for reads that are under way. */
const LAST_WAIT_MS = 200;

/** Of the reads that are under way in this process. */
const underWay = new Set<Int32Array<SharedArrayBuffer>>();
let watchesEnd = false;

/** A file of its own, compiled or not, whatever file this one became a part of (rolldown.config.js). */
const READER = new URL(import.meta.resolve('#libs/quantis/device-reader'));

export interface DeviceOptions {
  readonly name: string;
  readonly path: string;
  readonly timeoutMs: number;
}

/**
 * Short reads are normal and looped over. A driver that lets go of no read keeps its thread: fetches fail at once then, never
 * a second read starts, what it yields late is thrown away, and the process ends by SIGKILL once all else is done, since Node
 * would wait for the thread.
 */
export class DeviceSource implements EntropySource {
  readonly name: string;
  readonly #path: string;
  readonly #timeoutMs: number;
  #reader: Worker | undefined;
  /** Flags of the read that is under way; undefined when none is. */
  #reading: Int32Array<SharedArrayBuffer> | undefined;
  #closed = false;

  constructor({ name, path, timeoutMs }: DeviceOptions) {
    this.name = name;
    this.#path = path;
    this.#timeoutMs = timeoutMs;
  }

  /** One at a time. */
  async fetch(bytes: number, signal?: AbortSignal): Promise<Buffer> {
    if (this.#closed) throw new SourceError('aborted', 'the source was closed');
    if (this.#reading !== undefined) {
      throw new SourceError('timeout', `${this.#path} still holds an earlier read`);
    }
    return await withDeadline(fetchLimitMs(this.#timeoutMs, bytes), signal, (deadline) =>
      this.#read(bytes, deadline),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    // Not while it reads: a thread in the middle of a read that does not end could not end either.
    if (this.#reading !== undefined) cancel(this.#reading);
    else await this.#reader?.terminate();
  }

  async #read(bytes: number, signal: AbortSignal): Promise<Buffer> {
    const flags = new Int32Array(new SharedArrayBuffer(8));
    const giveUp = (): void => cancel(flags);
    this.#reading = flags;
    begin(flags);
    signal.addEventListener('abort', giveUp, { once: true });
    const answer = await this.#ask({ bytes, flags });
    this.#reading = undefined;
    underWay.delete(flags);
    signal.removeEventListener('abort', giveUp);
    if (this.#closed) await this.#reader?.terminate();
    const given = 'data' in answer ? Buffer.from(answer.data.buffer) : undefined;
    if (this.#closed || signal.aborted) {
      given?.fill(0);
      throw new SourceError('aborted', 'the source was closed, or the fetch given up');
    }
    if (given !== undefined) return given;
    throw new SourceError('device', `${this.#path} ${'fault' in answer ? answer.fault : ''}`);
  }

  /** Never rejects: what is wrong with the thread is wrong with the device. */
  #ask(request: ReadRequest): Promise<ReadAnswer> {
    const reader = (this.#reader ??= this.#start());
    return new Promise((resolve) => {
      const end = (answer: ReadAnswer): void => {
        reader.off('message', end).off('error', fail).off('exit', fail);
        resolve(answer);
      };
      const fail = (): void => {
        this.#reader = undefined;
        end({ fault: 'failed (its thread ended)' });
      };
      reader.on('message', end).on('error', fail).on('exit', fail);
      reader.postMessage(request);
    });
  }

  #start(): Worker {
    const reader = new Worker(READER, { workerData: this.#path, name: this.name });
    reader.unref();
    reader.once('exit', () => {
      if (this.#reader === reader) this.#reader = undefined; // the next fetch starts another one
    });
    return reader;
  }
}

function cancel(flags: Int32Array): void {
  Atomics.store(flags, CANCELLED, 1);
  Atomics.notify(flags, CANCELLED);
}

function begin(flags: Int32Array<SharedArrayBuffer>): void {
  underWay.add(flags);
  if (watchesEnd) return;
  watchesEnd = true;
  // After those that write the last lines of the log.
  process.once('exit', endReads);
}

/** Node waits for its threads as it ends; one whose read never ends would keep the process forever. */
function endReads(): void {
  for (const flags of underWay) cancel(flags);
  for (const flags of underWay) {
    if (Atomics.wait(flags, ENDED, 0, LAST_WAIT_MS) === 'timed-out') process.kill(process.pid, 'SIGKILL');
  }
}
