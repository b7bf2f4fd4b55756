/** The pool of a single gateway: bytes in this process's memory, beside the replay state. */
import type { Packet } from '#libs/crypto';
import type { Clock } from '../clock.js';
import { ExpiringBuffer } from './expiring-buffer.js';
import type { BufferOptions } from './expiring-buffer.js';
import type { Admission, DiscardReason, Pool, PoolLevel } from './pool.js';
import { ReplayState } from './replay-state.js';

export class EmbeddedPool implements Pool {
  readonly #replay = new ReplayState();
  readonly #buffer: ExpiringBuffer;
  readonly #clock: Clock;

  constructor(
    options: BufferOptions,
    clock: Clock,
    onDiscard: (reason: DiscardReason, bytes: number) => void,
  ) {
    this.#buffer = new ExpiringBuffer(options, onDiscard);
    this.#clock = clock;
  }

  admit(packet: Packet): Promise<Admission> {
    return Promise.resolve(this.#admitNow(packet));
  }

  take(count: number): Buffer | undefined {
    return this.#buffer.take(count, this.#clock.now());
  }

  holds(count: number): boolean {
    return this.#buffer.bytesAt(this.#clock.now()) >= count;
  }

  prepare(count: number): Promise<boolean> {
    return Promise.resolve(this.holds(count));
  }

  level(): PoolLevel {
    const now = this.#clock.now();
    const { capacity } = this.#buffer;
    return { bytes: this.#buffer.bytesAt(now), capacity, oldestAgeMs: this.#buffer.oldestAgeMs(now) };
  }

  fault(): undefined {
    return undefined;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #admitNow(packet: Packet): Admission {
    const position = this.#replay.check(packet);
    if (position !== 'next') {
      return { result: position, detail: '(boot, sequence) is not above the last one accepted' };
    }
    const now = this.#clock.now();
    if (packet.type === 'entropy' && !this.#buffer.canHold(packet.data.length, now)) {
      return { result: 'full', detail: 'the pool is full' };
    }
    const missing = this.#replay.missing(packet);
    this.#replay.advance(packet);
    if (packet.type === 'entropy') this.#buffer.store(packet.data, now);
    return { result: 'accepted', missing };
  }
}
