/** The pool of a single gateway: bytes in this process's memory, the replay state beside it on disk. */
import type { Packet } from '#libs/crypto';
import type { Clock } from '../clock.js';
import { failpoint } from '../failpoint.js';
import type { ExpiringBuffer } from './expiring-buffer.js';
import { timeRefusal } from './replay/freshness.js';
import type { FreshnessWindow } from './replay/freshness.js';
import type { PacketRef, Piece } from './packet-ref.js';
import type { Admission, Block, Pool, PoolLevel } from './pool.js';
import { STANDINGS } from './pool.js';
import type { ReplayStore } from './replay/replay-store.js';

export class EmbeddedPool implements Pool {
  readonly #replay: ReplayStore;
  readonly #buffer: ExpiringBuffer;
  readonly #clock: Clock;
  readonly #window: FreshnessWindow;
  #closed = false;

  constructor(replay: ReplayStore, buffer: ExpiringBuffer, clock: Clock, window: FreshnessWindow) {
    this.#replay = replay;
    this.#buffer = buffer;
    this.#clock = clock;
    this.#window = window;
  }

  /** Decides at once; a packet stamped after what the disk knows waits until the disk knows more. */
  admit(packet: Packet, stores = true, ref?: PacketRef): Admission | Promise<Admission> {
    const now = this.#clock.now();
    const refusal = this.#refusal(packet, stores, now);
    if (refusal !== undefined) return refusal;
    if (!this.#replay.covers(Number(packet.timestamp))) return this.#admitLater(packet, stores, ref);
    const missing = this.#replay.missing(packet);
    this.#replay.accept(packet, now);
    failpoint('packet-accepted');
    if (packet.type === 'entropy' && stores) this.#buffer.store(packet.data, this.#clock.monotonic(), ref);
    failpoint('packet-stored');
    return { result: 'accepted', missing };
  }

  take(count: number, from?: Piece[]): Buffer | undefined {
    return this.#buffer.take(count, this.#clock.monotonic(), from);
  }

  pieces(count: number): Piece[] {
    return this.#buffer.pieces(count, this.#clock.monotonic());
  }

  holds(count: number): boolean {
    return this.#buffer.bytesAt(this.#clock.monotonic()) >= count;
  }

  prepare(count: number): Promise<boolean> {
    return Promise.resolve(this.holds(count));
  }

  discard(): void {
    this.#buffer.discardAll('health', this.#clock.monotonic());
  }

  level(): PoolLevel {
    const now = this.#clock.monotonic();
    const { capacity } = this.#buffer;
    const bytes = this.#buffer.bytesAt(now);
    return { bytes, reachable: bytes, capacity, oldestAgeMs: this.#buffer.oldestAgeMs(now) };
  }

  fault(): string | undefined {
    return this.#replay.fault();
  }

  /** A full disk does not heal by itself; other gateways do better. */
  servesOn(): boolean {
    return false;
  }

  blocks(): Block[] {
    return this.#replay.blocks(this.#clock.now());
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#replay.close();
    this.#buffer.wipe();
  }

  /** Decides again once the bound is above: another copy may have been taken meanwhile. */
  async #admitLater(packet: Packet, stores: boolean, ref: PacketRef | undefined): Promise<Admission> {
    if (await this.#replay.raise(Number(packet.timestamp))) return this.admit(packet, stores, ref);
    return { result: 'unready', detail: this.fault() ?? 'the replay state cannot be written' };
  }

  #refusal(packet: Packet, stores: boolean, now: number): Admission | undefined {
    if (this.#closed) return { result: 'unready', detail: 'the gateway is stopping' };
    const refusal = timeRefusal(packet, now, this.#window);
    if (refusal !== undefined) return refusal;
    const standing = this.#replay.check(packet, now);
    if (standing !== 'next') return STANDINGS[standing];
    if (packet.type === 'heartbeat' || !stores) return undefined;
    const fits = this.#buffer.canHold(packet.data.length, this.#clock.monotonic());
    return fits ? undefined : { result: 'full', detail: 'the pool is full' };
  }
}
