/** Opens streams of entropy and sees to their end, also to an early one. */
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { KeyWatch } from '../../gate/key-watch.js';
import { BOUNDS } from '../../bounds.js';
import { unauthorized } from '../../gate/unauthorized.js';
import { LimitReports } from '../../limits/limit-reports.js';
import { clientOf, Quotas } from '../../limits/quotas.js';
import { logEvent } from '../../log-events.js';
import { stopping } from '../../problem/api-error.js';
import { EntropyStream } from './entropy-stream.js';
import { noteApplied, preferredWait } from '../request/prefer.js';
import { StreamQueue } from './stream-queue.js';

/** The longest that a stream waits for its first chunk, unless its client prefers another time. */
const FIRST_CHUNK_MS = 3000;

@Injectable()
export class Streams {
  /** A stream ends when nothing was sent for this long: its client does not read, or the pool is dry. */
  stallMs: number = BOUNDS.streamStallMs;
  /** A gateway that has stopped listening gives streams so long to finish. */
  shutdownMs = 3000;
  readonly #open = new Map<EntropyStream, string>();
  #stopping = false;

  constructor(
    private readonly queue: StreamQueue,
    private readonly quotas: Quotas,
    private readonly reports: LimitReports,
    private readonly keys: KeyWatch,
  ) {}

  /**
   * A stream of `bytes` for the client of the request.
   *
   * @throws {ApiError} `rate-limited` when it has too many open, `too-little-entropy` when there is nothing to begin with
   *   or the rest will not come, `quota-used-up`. Nothing is taken then.
   */
  async open(request: FastifyRequest, reply: FastifyReply, bytes: number): Promise<EntropyStream> {
    if (this.#stopping) throw stopping();
    const wait = preferredWait(request) ?? 0;
    if (wait === 0) this.queue.refuseShortage(bytes);
    else noteApplied(reply, `wait=${wait}`);
    const reservation =
      this.quotas.reserve(request, reply, bytes) ?? (await this.quotas.reserveLater(request, reply, bytes));
    // Nothing is awaited from here on: of streams that are asked for together each sees those before it.
    if (this.#openOf(reservation.client) >= BOUNDS.streamsOfKey) {
      this.quotas.settle(reservation, 0);
      throw this.reports.refuseStream(reservation.client, request.ip, BOUNDS.streamsOfKey);
    }
    this.quotas.writeLeft(request, reply); // before the first byte, so of all that was asked for
    const stream = new EntropyStream(this.queue, reservation.client, bytes);
    this.#open.set(stream, reservation.client);
    const forget = this.#endWithKey(request, stream);
    stream.once('close', () => {
      forget();
      this.#open.delete(stream);
      this.quotas.settle(reservation, stream.taken);
      if (stream.taken < bytes) this.#logEarlyEnd(request, stream);
    });
    stream.once('begin', () => reply.raw.setTimeout(this.stallMs));
    reply.raw.setTimeout(wait === 0 ? FIRST_CHUNK_MS : wait * 1000, () => {
      // Before the first chunk the answer can still be 503; after it, the end of the connection says that it is not whole.
      if (stream.taken > 0) reply.raw.destroy();
      else stream.destroy(this.queue.shortage(bytes));
    });
    return stream;
  }

  /** Ends streams soon: the gateway has stopped listening. */
  stop(): void {
    setTimeout(() => {
      this.#stopping = true;
      for (const stream of this.#open.keys()) stream.destroy(stopping());
    }, this.shutdownMs).unref();
  }

  #openOf(client: string): number {
    return [...this.#open.values()].filter((other) => other === client).length;
  }

  /** A client whose key is revoked while it reads gets no further. */
  #endWithKey(request: FastifyRequest, stream: EntropyStream): () => void {
    return this.keys.watch(clientOf(request), () => stream.destroy(unauthorized(request)));
  }

  #logEarlyEnd(request: FastifyRequest, { taken, total }: EntropyStream): void {
    const client = request.client?.name;
    logEvent('warn', 'stream-ended-early', { requestId: request.id, client, taken, total });
  }
}
