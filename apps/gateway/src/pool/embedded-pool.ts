/** The pool of a single gateway: bytes in this process's memory, the replay state beside it on disk. */
import type { Packet } from '#libs/crypto';
import type { Clock } from '../clock.js';
import { failpoint } from '../failpoint.js';
import type { ExpiringBuffer } from './expiring-buffer.js';
import type { Admission, Pool, PoolLevel } from './pool.js';
import type { ReplayStore } from './replay-store.js';

/** How soon a replay state that could not be written is tried again. */
const RECOVER_EVERY_MS = 1000;

const REFUSALS = {
  replay: { result: 'replay', detail: '(boot, sequence) is not above the last one accepted' },
  conflict: { result: 'conflict', detail: 'a different packet with this (boot, sequence) was accepted' },
  'below-floor': { result: 'unready', detail: 'stamped before this replay state was created' },
  'too-many-collectors': { result: 'unready', detail: 'the replay state knows too many collectors' },
} as const;

export class EmbeddedPool implements Pool {
  readonly #replay: ReplayStore;
  readonly #buffer: ExpiringBuffer;
  readonly #clock: Clock;
  readonly #timer = setInterval(() => this.#recover(), RECOVER_EVERY_MS).unref();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(replay: ReplayStore, buffer: ExpiringBuffer, clock: Clock) {
    this.#replay = replay;
    this.#buffer = buffer;
    this.#clock = clock;
  }

  /** One admission at a time: a copy that comes while the first is under way waits for what becomes of it. */
  admit(packet: Packet): Promise<Admission> {
    return this.#inTurn(() => this.#admitNow(packet));
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

  fault(): string | undefined {
    return this.#replay.fault();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#inTurn(() => this.#replay.close());
    this.#buffer.wipe();
  }

  async #admitNow(packet: Packet): Promise<Admission> {
    const fault = this.fault();
    if (fault !== undefined) return { result: 'unready', detail: fault };
    const position = this.#replay.check(packet);
    if (position !== 'next') return REFUSALS[position];
    if (packet.type === 'entropy' && !this.#buffer.canHold(packet.data.length, this.#clock.now())) {
      return { result: 'full', detail: 'the pool is full' };
    }
    const missing = this.#replay.missing(packet);
    if (!(await this.#replay.accept(packet))) {
      return { result: 'unready', detail: this.fault() ?? 'the replay state could not be written' };
    }
    failpoint('packet-accepted');
    // Only now: bytes of a packet that is not on the disk could be served again after a crash.
    if (packet.type === 'entropy') this.#buffer.store(packet.data, this.#clock.now());
    failpoint('packet-stored');
    return { result: 'accepted', missing };
  }

  #recover(): void {
    if (this.fault() !== undefined) void this.#inTurn(() => this.#replay.recover());
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const outcome = this.#queue.then(step);
    this.#queue = outcome.catch(() => undefined); // whoever waits for `outcome` hears of it
    return outcome;
  }
}
