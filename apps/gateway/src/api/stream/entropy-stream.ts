/** The body of `GET /api/stream`: bytes taken in turns, only as fast as the client reads them; `begin` at the first. */
import { Readable } from 'node:stream';
import { CHUNK_BYTES } from './stream-queue.js';
import type { StreamQueue, Turn } from './stream-queue.js';

export class EntropyStream extends Readable {
  /** Bytes taken so far; final once the stream is closed. Those that were not read before are gone. */
  taken = 0;
  #turn: Turn | undefined;

  constructor(
    private readonly queue: StreamQueue,
    private readonly client: string,
    readonly total: number,
  ) {
    super({ highWaterMark: CHUNK_BYTES });
  }

  override _read(): void {
    if (this.#turn !== undefined) return;
    this.#turn = {
      client: this.client,
      bytes: this.total - this.taken,
      deliver: (chunk) => {
        this.#turn = undefined;
        if (this.taken === 0) this.emit('begin');
        this.taken += chunk.length;
        if (this.destroyed) {
          chunk.fill(0);
          return;
        }
        this.push(chunk);
        if (this.taken === this.total) this.push(null);
      },
    };
    this.queue.enqueue(this.#turn);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.#turn === undefined) callback(error);
    else void this.queue.cancel(this.#turn).then(() => callback(error));
  }
}
