/**
 * Bytes in the order they came, each with the time it came, handed out once.
 *
 *   store(data, now) -> [ oldest ... newest ] -> take(n, now)
 *                          | replaced (overflow policy) or expired (TTL) -> wiped, counted as discarded
 *
 * `received = served + discarded + bytes` holds between any two calls.
 */
import { ByteRing } from '#libs/entropy';
import type { PacketRef, Piece } from './packet-ref.js';
import type { DiscardReason } from './pool.js';

export interface BufferOptions {
  readonly capacity: number;
  readonly overflow: 'discard' | 'replace';
  /** 0: bytes never expire. */
  readonly ttlMs: number;
}

/** For the bytes that a process holds ahead of a pool elsewhere: they expire as those in it do. */
export function handOptions(capacity: number, pool: Pick<BufferOptions, 'ttlMs'>): BufferOptions {
  return {
    capacity,
    overflow: 'discard',
    get ttlMs() {
      return pool.ttlMs;
    },
  };
}

interface Segment {
  bytes: number;
  readonly receivedAt: number;
  readonly packet: PacketRef | undefined;
  /** Where in the packet's data its first byte was. */
  offset: number;
}

export class ExpiringBuffer {
  readonly capacity: number;
  readonly #options: BufferOptions;
  readonly #ring: ByteRing;
  readonly #onDiscard: (reason: DiscardReason, bytes: number) => void;
  #segments: Segment[] = [];
  #spent = 0; // segments at the front that hold nothing any more

  /** @param onDiscard is called with every byte that leaves without being served. */
  constructor(options: BufferOptions, onDiscard: (reason: DiscardReason, bytes: number) => void) {
    this.#options = options;
    this.#ring = new ByteRing(options.capacity);
    this.#onDiscard = onDiscard;
    this.capacity = options.capacity;
  }

  /** Bytes that can be served at `now`; what expired until then is dropped first. */
  bytesAt(now: number): number {
    this.#expire(now);
    return this.#ring.length;
  }

  /** Milliseconds since the oldest byte came; 0 when the pool is empty. */
  oldestAgeMs(now: number): number {
    const oldest = this.#segments[this.#spent];
    return oldest === undefined ? 0 : Math.max(0, now - oldest.receivedAt);
  }

  /** Whether `count` bytes can be stored under the overflow policy. */
  canHold(count: number, now: number): boolean {
    this.#expire(now);
    return count <= (this.#options.overflow === 'replace' ? this.capacity : this.#ring.free);
  }

  /**
   * Stores a copy of `data`; under `replace` the oldest bytes make room.
   *
   * @param packet that the bytes came in, from `offset` of its data on, where that is remembered.
   * @throws {RangeError} when it cannot be held (see `canHold`); nothing changes then.
   */
  store(data: Uint8Array, now: number, packet?: PacketRef, offset = 0): void {
    if (!this.canHold(data.length, now)) {
      throw new RangeError(`the pool cannot hold ${data.length} bytes more`);
    }
    const excess = data.length - this.#ring.free;
    if (excess > 0) this.#discard('replaced', excess);
    this.#ring.push(data);
    this.#segments.push({ bytes: data.length, receivedAt: now, packet, offset });
  }

  /**
   * Takes the `count` oldest bytes, or nothing when fewer are held. The copy belongs to the caller.
   *
   * @param from gets where they came from.
   */
  take(count: number, now: number, from?: Piece[]): Buffer | undefined {
    if (count > this.bytesAt(now)) return undefined;
    if (from !== undefined) for (const piece of this.pieces(count, now)) from.push(piece); // a spread of thousands would fail
    this.#forget(count);
    return this.#ring.take(count);
  }

  discardAll(reason: DiscardReason, now: number): void {
    const bytes = this.bytesAt(now);
    if (bytes > 0) this.#discard(reason, bytes);
  }

  /** Where the `count` oldest bytes, which are held, came from. */
  pieces(count: number, now: number): Piece[] {
    this.#expire(now);
    const pieces: Piece[] = [];
    for (let at = this.#spent, left = count; left > 0; at++) {
      const segment = this.#segments[at];
      if (segment === undefined) break;
      const length = Math.min(left, segment.bytes);
      pieces.push({ packet: segment.packet, offset: segment.offset, length });
      left -= length;
    }
    return pieces;
  }

  /** Overwrites everything that is held, at the end of the process. */
  wipe(): void {
    this.#ring.drop(this.#ring.length);
    this.#segments = [];
    this.#spent = 0;
  }

  #expire(now: number): void {
    if (this.#options.ttlMs === 0) return;
    let expired = 0;
    for (let at = this.#spent; at < this.#segments.length; at++) {
      const segment = this.#segments[at];
      if (segment === undefined || now - segment.receivedAt < this.#options.ttlMs) break;
      expired += segment.bytes;
    }
    if (expired > 0) this.#discard('expired', expired);
  }

  #discard(reason: DiscardReason, count: number): void {
    this.#forget(count);
    this.#ring.drop(count);
    this.#onDiscard(reason, count);
  }

  /** Takes `count` bytes off the oldest segments. */
  #forget(count: number): void {
    for (let left = count; left > 0;) {
      const segment = this.#segments[this.#spent];
      if (segment === undefined) break;
      const taken = Math.min(left, segment.bytes);
      segment.bytes -= taken;
      segment.offset += taken;
      left -= taken;
      if (segment.bytes === 0) this.#spent++;
    }
    // Not at each take: a pool of 4 GiB holds half a million packets of 8 KiB.
    if (2 * this.#spent > this.#segments.length) {
      this.#segments = this.#segments.slice(this.#spent);
      this.#spent = 0;
    }
  }
}
