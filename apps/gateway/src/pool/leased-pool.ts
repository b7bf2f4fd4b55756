/**
 * The pool as a worker has it: leases of what the head keeps, as a gateway leases from Redis.
 *
 *   head: pool -> lend -> | -> hand (this process's memory) -> take(n)
 *
 * A leased byte is gone from the head's pool before it comes here, and is never given back: a worker that dies loses what it holds.
 */
import { wipeAndFree } from '#libs/entropy';
import type { QualityReport } from '#libs/entropy';
import type { Clock } from '../clock.js';
import { declareCall, declareNotice } from '../link/call.js';
import type { Channel } from '../link/channel.js';
import { ChannelError } from '../link/channel.js';
import { ExpiringBuffer, handOptions } from './expiring-buffer.js';
import type { BufferOptions } from './expiring-buffer.js';
import { MOST_LENT_BYTES } from './lending-pool.js';
import type { LentPiece } from './lending-pool.js';
import type { Piece } from './packet-ref.js';
import type { Block, DiscardReason, Pool, PoolLevel } from './pool.js';
import { Traffic } from './traffic.js';
import type { Totals } from './traffic.js';

/** What the head says of its pool, whenever it changed. */
export interface PoolState {
  readonly level: PoolLevel;
  readonly fault: string | undefined;
  readonly blocks: readonly Block[];
  readonly quality: QualityReport;
  readonly servesOn: boolean;
  readonly totals: Totals;
}

/** Leases at least `need` bytes, where the pool has them. */
export const LEASE = declareCall<
  { need: number },
  { pieces: readonly LentPiece[]; state: PoolState; discards: number }
>('lease');
export const POOL_STATE = declareNotice<PoolState>('pool-state');
/** All that was lent until then is bad; `discards` counts how often that was so. */
export const DISCARDED = declareNotice<{ discards: number }>('discarded');
/** Has the head discard everything. */
export const DISCARD = declareNotice<undefined>('discard');

/** Until the head has answered. */
const UNKNOWN: PoolState = {
  level: { bytes: 0, reachable: 0, capacity: 0, oldestAgeMs: 0 },
  fault: 'the head has not answered yet',
  blocks: [],
  quality: { bytes: 0, statistics: undefined, note: '' },
  servesOn: false,
  totals: { received: 0, served: 0 },
};

/** The most that one `take` can ask for. */
const MOST_BYTES = 256 * 1024;

export class LeasedPool implements Pool {
  readonly traffic = new Traffic();
  readonly #hand: ExpiringBuffer;
  #leasing: Promise<number> | undefined;
  /** Of the last lease: with half of it left, the next one is fetched ahead. */
  #leased = 0;
  /** How often everything was discarded: a lease from before that may still be on its way. */
  #discards = 0;
  #report: () => Promise<void> = () => Promise.resolve();

  private constructor(
    private readonly head: Channel,
    private readonly clock: Clock,
    private state: PoolState,
    buffer: Pick<BufferOptions, 'ttlMs'>,
    private readonly onDiscard: (reason: DiscardReason, bytes: number) => void,
  ) {
    const capacity = 2 * (MOST_LENT_BYTES + MOST_BYTES);
    this.#hand = new ExpiringBuffer(handOptions(capacity, buffer), onDiscard);
    head.hear(DISCARDED, ({ discards }) => {
      this.#discards = discards;
      this.#hand.discardAll('health', this.clock.monotonic());
    });
    head.hear(POOL_STATE, (state) => this.#learn(state));
  }

  /** A pool whose head has said how full it is. */
  static async open(
    head: Channel,
    clock: Clock,
    buffer: Pick<BufferOptions, 'ttlMs'>,
    onDiscard: (reason: DiscardReason, bytes: number) => void,
  ): Promise<LeasedPool> {
    const pool = new LeasedPool(head, clock, UNKNOWN, buffer, onDiscard);
    await pool.#lease(0);
    return pool;
  }

  get quality(): QualityReport {
    return this.state.quality;
  }

  /** Has `report` called once everything is given up: it says what was counted in the end. */
  whenClosed(report: () => Promise<void>): void {
    this.#report = report;
  }

  admit(): never {
    throw new Error('packets are admitted by the head (ForwardedAdmission)');
  }

  take(count: number, from?: Piece[]): Buffer | undefined {
    const now = this.clock.monotonic();
    const bytes = this.#hand.take(count, now, from);
    if (bytes === undefined) return undefined;
    if (this.#hand.bytesAt(now) < this.#leased / 2 && this.#leasing === undefined) void this.#lease(0);
    return bytes;
  }

  holds(count: number): boolean {
    return this.#hand.bytesAt(this.clock.monotonic()) >= count;
  }

  async prepare(count: number): Promise<boolean> {
    if (count > MOST_BYTES) return false;
    while (!this.holds(count)) {
      if (this.#leasing !== undefined) await this.#leasing;
      else if ((await this.#lease(count - this.#hand.bytesAt(this.clock.monotonic()))) === 0) return false;
    }
    return true;
  }

  /** As the head last said; what this worker holds is in it. */
  level(): PoolLevel {
    const held = this.#hand.bytesAt(this.clock.monotonic());
    return { ...this.state.level, reachable: this.state.level.reachable + held };
  }

  pieces(count: number): Piece[] {
    return this.#hand.pieces(count, this.clock.monotonic());
  }

  /** Drops what is here, and has the head drop the rest. */
  discard(): void {
    this.#hand.discardAll('health', this.clock.monotonic());
    this.head.tell(DISCARD, undefined);
  }

  servesOn(): boolean {
    return this.state.servesOn;
  }

  fault(): string | undefined {
    return this.state.fault;
  }

  blocks(): Block[] {
    return [...this.state.blocks];
  }

  async close(): Promise<void> {
    await this.#leasing;
    const now = this.clock.monotonic();
    const left = this.#hand.bytesAt(now);
    this.#hand.take(left, now)?.fill(0);
    if (left > 0) this.onDiscard('lease', left);
    await this.#report();
  }

  #learn(state: PoolState): void {
    this.state = state;
    this.traffic.learn(state.totals);
  }

  /** One lease at a time. Gives how many bytes came. */
  #lease(need: number): Promise<number> {
    this.#leasing = this.#leaseNow(need).finally(() => (this.#leasing = undefined));
    return this.#leasing;
  }

  async #leaseNow(need: number): Promise<number> {
    try {
      const { pieces, state, discards } = await this.head.call(LEASE, { need });
      this.#learn(state);
      const stored = this.#store(pieces);
      if (discards < this.#discards) this.#hand.discardAll('health', this.clock.monotonic());
      return stored;
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      return 0; // the head is gone, and this process ends
    }
  }

  #store(pieces: readonly LentPiece[]): number {
    const ahead = systemMs() - this.clock.monotonic();
    let stored = 0;
    for (const { data, receivedAt, from } of pieces) {
      let at = 0;
      for (const { packet, offset, length } of from) {
        this.#hand.store(data.subarray(at, (at += length)), receivedAt - ahead, packet, offset);
      }
      stored += data.length;
      wipeAndFree(data);
    }
    if (stored > 0) this.#leased = stored;
    return stored;
  }
}

/** Milliseconds of the monotonic clock that all processes of the machine share. */
export function systemMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
