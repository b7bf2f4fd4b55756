/** Opens streams of entropy and sees to their end, also to an early one. */
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LimitReports } from '../limits/limit-reports.js';
import { Quotas } from '../limits/quotas.js';
import { logEvent } from '../log-events.js';
import { EntropyService } from '../pool/entropy.service.js';
import { ApiError } from '../problem/api-error.js';
import { EntropyStream } from './entropy-stream.js';
import { StreamQueue } from './stream-queue.js';

/** An empty pool is waited for, for so long, if something came in within so long. */
const FIRST_CHUNK_MS = 3000;
const LIVE_FEED_MS = 2000;
/** A pool that got nothing for so long will not get what is missing. */
const DEAD_FEED_MS = 60_000;
/** Streams of one client at a time. */
const MAX_STREAMS = 16;

@Injectable()
export class Streams implements BeforeApplicationShutdown {
  /** A stream ends when nothing was sent for so long: its client does not read, or the pool is dry. */
  stallMs = 30_000;
  /** A gateway that stops gives streams so long to finish. */
  shutdownMs = 5000;
  readonly #open = new Map<EntropyStream, string>();
  #stopping = false;

  constructor(
    private readonly queue: StreamQueue,
    private readonly entropy: EntropyService,
    private readonly quotas: Quotas,
    private readonly reports: LimitReports,
  ) {}

  /**
   * A stream of `bytes` for the client of the request.
   *
   * @throws {ApiError} `rate-limited` when it has too many open, `too-little-entropy` when there is nothing to begin with
   *   or the rest will not come, `quota-used-up`. Nothing is taken then.
   */
  async open(request: FastifyRequest, reply: FastifyReply, bytes: number): Promise<EntropyStream> {
    if (this.#stopping) throw stops();
    this.#refuseShortage(bytes);
    const reservation = await this.quotas.reserve(request, reply, bytes);
    // Nothing is awaited from here on: of streams that are asked for together each sees those before it.
    if (this.#openOf(reservation.client) >= MAX_STREAMS) {
      this.quotas.settle(reservation, 0);
      throw this.reports.refuseStream(reservation.client, request.ip, MAX_STREAMS);
    }
    this.quotas.tellLimit(request, reply); // before the first byte, so of all that was asked for
    const stream = new EntropyStream(this.queue, reservation.client, bytes);
    this.#open.set(stream, reservation.client);
    stream.once('close', () => {
      this.#open.delete(stream);
      this.quotas.settle(reservation, stream.taken);
      if (stream.taken < bytes) this.#logEarlyEnd(request, stream);
    });
    stream.once('begin', () => reply.raw.setTimeout(this.stallMs));
    reply.raw.setTimeout(FIRST_CHUNK_MS, () => {
      // Before the first chunk the answer can still be 503; after it, the end of the connection says that it is not whole.
      if (stream.taken > 0) reply.raw.destroy();
      else stream.destroy(this.entropy.shortage(bytes));
    });
    return stream;
  }

  beforeApplicationShutdown(): void {
    this.#stopping = true;
    setTimeout(() => {
      for (const stream of this.#open.keys()) stream.destroy(stops());
    }, this.shutdownMs).unref();
  }

  #openOf(client: string): number {
    return [...this.#open.values()].filter((other) => other === client).length;
  }

  #refuseShortage(bytes: number): void {
    const level = this.entropy.level().bytes;
    const { idleMs = Infinity } = this.entropy.throughput();
    const patience = level === 0 ? LIVE_FEED_MS : DEAD_FEED_MS;
    if (level < bytes && idleMs > patience) throw this.entropy.shortage(bytes);
  }

  #logEarlyEnd(request: FastifyRequest, { taken, total }: EntropyStream): void {
    const client = request.client?.name;
    logEvent('warn', 'stream-ended-early', { requestId: request.id, client, taken, total });
  }
}

function stops(): ApiError {
  return new ApiError('unavailable', 'This gateway is stopping.', { retryAfterSecs: 1 });
}
