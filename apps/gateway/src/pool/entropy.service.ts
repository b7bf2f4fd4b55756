/** Where entropy enters and leaves: every byte that is served is taken here, once, and counted. */
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Packet } from '#libs/crypto';
import { Clock } from '../clock.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { ApiError } from '../problem/api-error.js';
import type { PacketRef, Piece } from './packet-ref.js';
import { readyBytes } from './pool.js';
import type { Admission, Block, Pool, PoolLevel } from './pool.js';
import { ReceivedHealth } from './received/received-health.js';
import { Throughput } from './throughput.js';

export const POOL = Symbol('Pool');

/** When to come again if nothing came in lately, and the longest that is ever named, in seconds. */
const UNKNOWN_RETRY_SECS = 60;
const LONGEST_RETRY_SECS = 3600;

const BAD: Admission = {
  result: 'unready',
  detail: 'what this collector delivers failed the health tests; see QrngBadEntropy in docs/operations.md',
};

@Injectable()
export class EntropyService implements OnApplicationShutdown {
  readonly #in: Throughput;
  readonly #out: Throughput;

  constructor(
    @Inject(POOL) private readonly pool: Pool,
    private readonly metrics: GatewayMetrics,
    private readonly clock: Clock,
    private readonly received: ReceivedHealth,
  ) {
    this.#in = new Throughput(clock.monotonic());
    this.#out = new Throughput(clock.monotonic());
    pool.traffic?.watch((received, served) => {
      const now = clock.monotonic();
      if (received > 0) this.#in.add(received, now);
      if (served > 0) this.#out.add(served, now);
    });
    metrics.observePool(
      () => this.level(),
      () => this.fault(),
    );
  }

  /**
   * Admits a packet whose MAC held; its bytes can be served once this resolves to `accepted`.
   *
   * @param ref what is remembered with them, where receipts are given.
   */
  async admit(packet: Packet, ref?: PacketRef): Promise<Admission> {
    const intake = this.received.intakeOf(packet);
    if (intake === 'refuse') return BAD;
    const outcome = this.pool.admit(packet, intake === 'store', ref);
    // Counted in the same breath, where there is nothing to wait for: the ledger balances at every moment.
    const admission = outcome instanceof Promise ? await outcome : outcome;
    if (admission.result === 'accepted' && packet.type === 'entropy') {
      this.metrics.received.inc(packet.data.length);
      if (this.pool.traffic === undefined) this.#in.add(packet.data.length, this.clock.monotonic());
      if (intake === 'discard') this.metrics.discarded.inc({ reason: 'health' }, packet.data.length);
      // Once it is doubtful nothing of it is in the pool, and what others delivered stays.
      if (this.received.isBad(packet) && intake === 'store') this.pool.discard();
    }
    return admission;
  }

  /**
   * Takes `count` bytes for `client` if they are at hand; they count as served, whatever becomes of the answer.
   *
   * @param from gets where they came from.
   */
  takeNow(count: number, client: string, from?: Piece[]): Buffer | undefined {
    const bytes = this.pool.take(count, from);
    if (bytes === undefined) return undefined;
    this.metrics.served.inc({ client }, count);
    if (this.pool.traffic === undefined) this.#out.add(count, this.clock.monotonic());
    return bytes;
  }

  /** Notes that workers, which count what they serve themselves, have served or dropped `count` bytes. */
  noteServed(count: number): void {
    this.#out.add(count, this.clock.monotonic());
  }

  /** Takes `count` bytes for `client` from wherever the pool has them, or nothing when it has too few. */
  async tryTake(count: number, client: string, isWanted = always): Promise<Buffer | undefined> {
    let bytes = this.takeNow(count, client);
    while (bytes === undefined && (await this.pool.prepare(count)) && isWanted()) {
      bytes = this.takeNow(count, client);
    }
    return bytes;
  }

  /**
   * Takes `count` bytes for `client`, from wherever the pool has them.
   *
   * @param isWanted asked again once the pool was waited for: its client may be gone.
   * @throws {ApiError} `too-little-entropy`, also when they are not wanted any more; nothing is taken then.
   */
  async take(count: number, client: string, isWanted = always): Promise<Buffer> {
    const bytes = await this.tryTake(count, client, isWanted);
    if (bytes === undefined) throw this.shortage(count);
    return bytes;
  }

  /**
   * Lets `draw` take as many bytes as it turns out to need, but only once `most` are at hand.
   *
   * @param most more than `draw` takes, but for a negligible chance.
   * @throws {ApiError} `too-little-entropy`; nothing is taken then.
   */
  async draw<T>(
    most: number,
    client: string,
    draw: (take: (count: number, from?: Piece[]) => Buffer) => T,
    isWanted = always,
  ): Promise<T> {
    while (!this.pool.holds(most)) {
      if (!(await this.pool.prepare(most)) || !isWanted()) throw this.shortage(most);
    }
    return draw((count, from) => {
      const bytes = this.takeNow(count, client, from);
      if (bytes === undefined) throw this.shortage(count);
      return bytes;
    });
  }

  /** Drops all that is in the pool, where a draw showed that it is not random. */
  distrust(): void {
    if (this.received.refuses) this.pool.discard();
  }

  /** Where the `count` bytes came from that would be taken now. */
  pieces(count: number): Piece[] {
    return this.pool.pieces(count);
  }

  /** The refusal of `count` bytes, with the time that the pool will need to fill up to them. */
  shortage(count: number): ApiError {
    const { reachable: bytes, capacity } = this.level();
    const bytesPerSecond = this.throughput().in;
    const secs = bytesPerSecond > 0 ? Math.ceil((count - bytes) / bytesPerSecond) : UNKNOWN_RETRY_SECS;
    const detail =
      count > capacity
        ? `The pool of this gateway never holds more than ${capacity} bytes; this request can need ${count}.`
        : `The pool holds ${bytes} bytes and this request can need ${count}; try again later.`;
    return new ApiError('too-little-entropy', detail, {
      retryAfterSecs: Math.min(Math.max(secs, 1), LONGEST_RETRY_SECS),
    });
  }

  level(): PoolLevel {
    return this.pool.level();
  }

  /** Whether requests can be served: packets are admitted and the pool is filled to 5 % or more, or what was leased lasts. */
  isReady(): boolean {
    if (this.fault() !== undefined) return this.pool.servesOn();
    const { bytes, capacity } = this.level();
    return bytes >= readyBytes(capacity);
  }

  /** Bytes a second, in and out, over the last minute, and milliseconds since bytes last came in, if they ever did. */
  throughput(): { in: number; out: number; idleMs: number | undefined } {
    const now = this.clock.monotonic();
    return { in: this.#in.perSecond(now), out: this.#out.perSecond(now), idleMs: this.#in.idleMs(now) };
  }

  /** Bytes since the start of this process. */
  totals(): { receivedBytes: number; servedBytes: number } {
    return { receivedBytes: this.#in.total, servedBytes: this.#out.total };
  }

  /** Why nothing can be admitted now; undefined while all is well. */
  fault(): string | undefined {
    return this.pool.fault();
  }

  /** What timestamps in the future keep out; empty while all is well. */
  blocks(): Block[] {
    return this.pool.blocks();
  }

  onApplicationShutdown(): Promise<void> {
    return this.pool.close();
  }
}

function always(): boolean {
  return true;
}
