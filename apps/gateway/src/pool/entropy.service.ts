/** Where entropy enters and leaves: every byte that is served is taken here, once, and counted. */
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Packet } from '#libs/crypto';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { ApiError } from '../problem/api-error.js';
import type { Admission, Pool, PoolLevel } from './pool.js';

/** The token of the pool in use, an implementation of `Pool`. */
export const POOL = Symbol('Pool');

@Injectable()
export class EntropyService implements OnApplicationShutdown {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    private readonly metrics: GatewayMetrics,
  ) {
    metrics.observePool(() => this.level());
  }

  /** Admits a packet whose MAC and time hold; its bytes can be served once this resolves to `accepted`. */
  async admit(packet: Packet): Promise<Admission> {
    const admission = await this.pool.admit(packet);
    if (admission.result === 'accepted' && packet.type === 'entropy') {
      this.metrics.received.inc(packet.data.length);
    }
    return admission;
  }

  /**
   * Takes `count` bytes for `client`; they count as served, whatever becomes of the answer.
   *
   * @throws {ApiError} `too-little-entropy`; nothing is taken then.
   */
  async take(count: number, client: string): Promise<Buffer> {
    let bytes = this.pool.take(count);
    while (bytes === undefined && (await this.pool.prepare(count))) bytes = this.pool.take(count);
    if (bytes === undefined) {
      throw new ApiError(
        'too-little-entropy',
        `The pool holds fewer than ${count} bytes; come again later.`,
        {
          retryAfterSecs: 1,
        },
      );
    }
    this.metrics.served.inc({ client }, count);
    return bytes;
  }

  /** How full the pool is. */
  level(): PoolLevel {
    return this.pool.level();
  }

  /** Why nothing can be admitted now; undefined while all is well. */
  fault(): string | undefined {
    return this.pool.fault();
  }

  onApplicationShutdown(): Promise<void> {
    return this.pool.close();
  }
}
