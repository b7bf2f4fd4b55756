/**
 * The pool of several gateways, in Redis. Each gateway leases blocks of it into its own memory and serves from there:
 *
 *   admit(packet) -> Redis: sequence, room, store | -> lease -> hand (this process's memory) -> take(n)
 *
 * A leased block is gone from Redis before its first byte is served, and is never given back: a gateway that dies loses
 * what it holds.
 */
import { randomUUID } from 'node:crypto';
import type { Packet } from '#libs/crypto';
import type { Clock } from '../../clock.js';
import { RedisError } from '../../redis/redis-error.js';
import { ExpiringBuffer, handOptions } from '../expiring-buffer.js';
import type { BufferOptions } from '../expiring-buffer.js';
import type { PacketRef, Piece } from '../packet-ref.js';
import { bootRefusal } from '../replay/freshness.js';
import type { FreshnessWindow } from '../replay/freshness.js';
import { blocksAhead } from '../pool.js';
import type { Admission, Block, DiscardReason, Pool, PoolLevel } from '../pool.js';
import { Traffic } from '../traffic.js';
import { admit } from './admit-script.js';
import { lease } from './lease-script.js';
import type { LeasedPiece } from './lease-script.js';
import { allPositions, decodePositions } from './position-scripts.js';
import { purge } from './purge-script.js';
import type { PoolMemory } from './pool-memory.js';
import { PoolScripts } from './pool-scripts.js';
import type { OwnArguments, PoolRedis } from './pool-scripts.js';
import { parsedRef } from './packet-text.js';
import { admissionOf, admitArguments } from './redis-admission.js';
import type { PoolReply } from './script-prelude.js';
import { SharedLevel } from './shared-level.js';
import type { Ledger } from './shared-level.js';

/** One lease, and the low-water mark of the hand below which the next one is fetched ahead. */
const LEASE_BYTES = 64 * 1024;
/** Below this the pool is too low for leases ahead: each request then fetches what it needs and no more. */
const RESERVE_BYTES = 8 * LEASE_BYTES;
/** The most that one `take` can ask for. */
const MOST_BYTES = 4 * LEASE_BYTES;
/** With Redis away a gateway that holds this much serves on: a hundred requests of the usual 32 bytes. */
const SERVES_ON_BYTES = 4096;
/** How often a gateway reports, and learns the state of the pool. */
const REPORT_INTERVAL_MS = 500;

export interface RedisPoolOptions {
  readonly buffer: BufferOptions;
  readonly window: FreshnessWindow;
  readonly memory: PoolMemory;
}

export class RedisPool implements Pool {
  readonly traffic = new Traffic();
  readonly #id = randomUUID();
  readonly #hand: ExpiringBuffer;
  readonly #shared: SharedLevel;
  readonly #scripts: PoolScripts;
  readonly #timer: NodeJS.Timeout;
  #leasing: Promise<number> | undefined;
  #trouble: string | undefined = 'Redis has not answered yet';
  /** What is in Redis has to go, and nothing is leased before. */
  #purgeDue = false;
  /** How often the pool was emptied, as of the last answer. */
  #purged: number | undefined;
  #ahead: readonly Block[] = [];
  #served = 0;
  #dropped = 0;

  private constructor(
    private readonly options: RedisPoolOptions,
    private readonly clock: Clock,
    private readonly redis: PoolRedis,
    private readonly onDiscard: (reason: DiscardReason, bytes: number) => void,
  ) {
    this.#scripts = new PoolScripts(redis, clock, options.memory, options.window.skewMs);
    this.#hand = new ExpiringBuffer(handOptions(MOST_BYTES + LEASE_BYTES, options.buffer), (reason, bytes) =>
      this.#drop(reason, bytes),
    );
    this.#shared = new SharedLevel(onDiscard);
    this.#timer = setInterval(() => void this.report(), REPORT_INTERVAL_MS).unref();
  }

  /** A pool whose state has been asked for once. */
  static async open(
    options: RedisPoolOptions,
    clock: Clock,
    redis: PoolRedis,
    onDiscard: (reason: DiscardReason, bytes: number) => void,
  ): Promise<RedisPool> {
    const pool = new RedisPool(options, clock, redis, onDiscard);
    await pool.report();
    return pool;
  }

  async admit(packet: Packet, stores = true, ref?: PacketRef): Promise<Admission> {
    const { clockFault } = this.#scripts;
    if (clockFault !== undefined) return { result: 'unready', detail: clockFault };
    const { ttlMs, skewMs } = this.options.window;
    const refusal = bootRefusal(packet, skewMs);
    if (refusal !== undefined) return refusal;
    try {
      const [result, detail] = await this.#scripts.run(
        admit,
        (common) =>
          admitArguments(packet, { stores, ref }, this.options.buffer, ttlMs, { ...common, ...this.#own() }),
        (reply) => this.#learn(reply),
      );
      return admissionOf(packet, result.toString(), detail.toString(), this.#scripts.floor);
    } catch (error) {
      if (!(error instanceof RedisError)) throw error;
      if (error.message.startsWith('OOM')) return { result: 'full', detail: error.message };
      return { result: error.undone ? 'unready' : 'unknown', detail: error.message };
    }
  }

  take(count: number, from?: Piece[]): Buffer | undefined {
    const now = this.clock.monotonic();
    const bytes = this.#hand.take(count, now, from);
    if (bytes !== undefined) this.#served += count;
    if (this.#hand.bytesAt(now) < LEASE_BYTES) this.#leaseAhead();
    return bytes;
  }

  pieces(count: number): Piece[] {
    return this.#hand.pieces(count, this.clock.monotonic());
  }

  holds(count: number): boolean {
    return this.#hand.bytesAt(this.clock.monotonic()) >= count;
  }

  async prepare(count: number): Promise<boolean> {
    if (count > MOST_BYTES) return false;
    while (!this.holds(count)) {
      if (this.#leasing !== undefined) await this.#leasing;
      else if ((await this.#lease(count - this.#hand.bytesAt(this.clock.monotonic()), LEASE_BYTES)) === 0) {
        return false;
      }
    }
    return true;
  }

  discard(): void {
    this.#hand.discardAll('health', this.clock.monotonic());
    this.#purgeDue = true;
    void (this.#leasing ?? Promise.resolve()).then(() => this.report());
  }

  /** What all gateways have received and neither served nor discarded, as of the last answer of Redis. */
  level(): PoolLevel {
    const now = this.clock.monotonic();
    const held = this.#hand.bytesAt(now);
    const reachable = this.#shared.stored + held;
    return {
      bytes: reachable + this.#shared.leasedByOthers,
      reachable,
      capacity: this.options.buffer.capacity,
      oldestAgeMs: held > 0 ? this.#hand.oldestAgeMs(now) : this.#shared.oldestAgeMs(now),
    };
  }

  fault(): string | undefined {
    if (this.redis.fault !== undefined) return `Redis ${this.redis.fault}`;
    return this.#scripts.clockFault ?? this.#trouble;
  }

  servesOn(): boolean {
    return this.#scripts.clockFault === undefined && this.holds(SERVES_ON_BYTES);
  }

  blocks(): Block[] {
    const { floor, newest } = this.#scripts;
    const all = { what: 'all packets', until: floor };
    const some = [{ what: 'packets of some collectors', until: newest }];
    return blocksAhead(
      [all, ...(this.#ahead.length > 0 ? this.#ahead : some)],
      this.clock.now(),
      this.options.window.skewMs,
    );
  }

  /** The ledger of all gateways, as of the last answer of Redis. */
  ledger(): Ledger {
    return this.#shared.ledger;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#leasing;
    const left = this.#hand.bytesAt(this.clock.monotonic());
    this.#hand.take(left, this.clock.monotonic())?.fill(0);
    if (left > 0) this.#drop('lease', left);
    await this.report();
    this.#scripts.close();
  }

  #drop(reason: DiscardReason, bytes: number): void {
    this.#dropped += bytes;
    this.onDiscard(reason, bytes);
  }

  /** Says what became of the leases, and learns the state of the pool. */
  async report(): Promise<void> {
    await (this.#leasing ?? this.#lease(0, 0));
    await this.#nameAhead();
  }

  /** Which collectors were taken with timestamps in the future: asked for only while there are such. */
  async #nameAhead(): Promise<void> {
    if (this.#scripts.newest <= this.clock.now() + this.options.window.skewMs) {
      this.#ahead = [];
      return;
    }
    try {
      const { positions } = decodePositions(await this.redis.runScript(allPositions, {}));
      this.#ahead = [...positions].map(([collector, { newest, floor }]) => ({
        what: `packets of ${collector}`,
        until: Math.max(newest, floor),
      }));
    } catch (error) {
      if (!(error instanceof RedisError)) throw error; // the report of the next moment asks again
    }
  }

  #leaseAhead(): void {
    const plenty = this.#shared.stored >= RESERVE_BYTES;
    if (plenty && this.#leasing === undefined) void this.#lease(0, LEASE_BYTES);
  }

  /** One lease at a time: the report that goes with it must know all that came before. Gives how many bytes came. */
  #lease(need: number, plenty: number): Promise<number> {
    this.#leasing = this.#leaseNow(need, plenty).finally(() => (this.#leasing = undefined));
    return this.#leasing;
  }

  async #leaseNow(need: number, plenty: number): Promise<number> {
    const held = this.#hand.bytesAt(this.clock.monotonic()); // first: it drops what has expired
    const amounts = { held, need, plenty, reserve: RESERVE_BYTES };
    try {
      if (this.#purgeDue) await this.#purge();
      const [pieces] = await this.#scripts.run(
        lease,
        (common) => ({ ...common, ...this.#own(), ...amounts }),
        (reply) => this.#learn(reply),
      );
      return Buffer.isBuffer(pieces) ? 0 : this.#store(pieces);
    } catch (error) {
      if (!(error instanceof RedisError)) throw error;
      this.#trouble = error.message;
      return 0;
    }
  }

  async #purge(): Promise<void> {
    const common = this.#own();
    await this.#scripts.run(
      purge,
      (known) => ({ ...known, ...common }),
      (reply) => this.#learn(reply),
    );
    this.#purgeDue = false;
  }

  #own(): OwnArguments {
    return { ttlMs: this.options.buffer.ttlMs, id: this.#id, served: this.#served, dropped: this.#dropped };
  }

  /** Stores age, bytes, age, bytes ...; ages are by Redis' clock, and only they go from one clock to the other. */
  #store(pieces: readonly LeasedPiece[]): number {
    const now = this.clock.monotonic();
    let stored = 0;
    let before: { age: number; packet?: PacketRef; offset?: number } = { age: 0 };
    for (const piece of pieces) {
      if (Buffer.isBuffer(piece)) {
        this.#hand.store(piece, now - before.age, before.packet, before.offset);
        piece.fill(0);
        stored += piece.length;
      } else if (typeof piece === 'number') before = { age: piece };
      else before = { age: piece[0], ...parsedRef(piece[1].toString()) };
    }
    if (this.#purgeDue) this.#hand.discardAll('health', now); // it was on its way when the pool was found to be bad
    return stored;
  }

  #learn(reply: PoolReply<unknown, unknown>): void {
    this.#trouble = undefined;
    this.#shared.learn(reply, this.clock.monotonic());
    this.traffic.learn(this.#shared.ledger);
    const purged = reply[12];
    // What this gateway had leased until then was in the pool with what was bad.
    if (purged > (this.#purged ?? purged)) this.#hand.discardAll('health', this.clock.monotonic());
    this.#purged = purged;
  }
}
