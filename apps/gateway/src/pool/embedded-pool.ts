/**
 * The pool of a single gateway: bytes in this process's memory, the replay state beside it on disk.
 *
 * A packet is admitted once its sequence is on the disk; packets of several collectors that come while the disk is busy
 * go there together.
 */
import { setImmediate } from 'node:timers/promises';
import type { Packet } from '#libs/crypto';
import type { Clock } from '../clock.js';
import { failpoint } from '../failpoint.js';
import type { ExpiringBuffer } from './expiring-buffer.js';
import type { Admission, Pool, PoolLevel } from './pool.js';
import { Batches } from './batches.js';
import { MAX_APPENDED } from './replay-journal.js';
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
  readonly #batches = new Batches<Packet, Admission>((packets) => this.#admitFirst(packets));
  #queue: Promise<unknown> = Promise.resolve();

  constructor(replay: ReplayStore, buffer: ExpiringBuffer, clock: Clock) {
    this.#replay = replay;
    this.#buffer = buffer;
    this.#clock = clock;
  }

  /** One batch at a time: a copy that comes while the first is under way waits for what becomes of it. */
  admit(packet: Packet): Promise<Admission> {
    const admission = this.#batches.add(packet);
    void this.#inTurn(() => this.#admitWaiting());
    return admission;
  }

  take(count: number): Buffer | undefined {
    return this.#buffer.take(count, this.#clock.monotonic());
  }

  holds(count: number): boolean {
    return this.#buffer.bytesAt(this.#clock.monotonic()) >= count;
  }

  prepare(count: number): Promise<boolean> {
    return Promise.resolve(this.holds(count));
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

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#inTurn(() => this.#replay.close());
    this.#buffer.wipe();
  }

  /** Once the event loop has read what is there to be read: packets of other collectors go to the disk with this one. */
  async #admitWaiting(): Promise<void> {
    if (this.#batches.isEmpty) return;
    await setImmediate();
    await this.#batches.runNext();
  }

  /** Decides on the first packets that can be decided on together, in their order. */
  async #admitFirst(packets: readonly Packet[]): Promise<Admission[]> {
    const batch: Packet[] = [];
    const refusals: (Admission | undefined)[] = [];
    for (const packet of packets) {
      if (!this.#goesWith(batch, packet)) break;
      const refusal = this.#refusal(packet);
      refusals.push(refusal);
      if (refusal === undefined) batch.push(packet);
    }
    const accepted = batch.length === 0 ? [] : await this.#acceptAll(batch);
    return refusals.flatMap((refusal) => refusal ?? accepted.shift() ?? []);
  }

  /** Whether `packet` can be decided on although those of `batch` are not accepted yet. */
  #goesWith(batch: readonly Packet[], { collector, data }: Packet): boolean {
    if (batch.length === 0) return true;
    if (batch.length === MAX_APPENDED || !this.#replay.knows(collector)) return false;
    const bytes = batch.reduce((sum, other) => sum + other.data.length, data.length);
    return (
      batch.every((other) => other.collector !== collector) &&
      this.#buffer.canHold(bytes, this.#clock.monotonic())
    );
  }

  #refusal(packet: Packet): Admission | undefined {
    const fault = this.fault();
    if (fault !== undefined) return { result: 'unready', detail: fault };
    const position = this.#replay.check(packet);
    if (position !== 'next') return REFUSALS[position];
    if (packet.type === 'entropy' && !this.#buffer.canHold(packet.data.length, this.#clock.monotonic())) {
      return { result: 'full', detail: 'the pool is full' };
    }
    return undefined;
  }

  async #acceptAll(batch: readonly Packet[]): Promise<Admission[]> {
    const missing = batch.map((packet) => this.#replay.missing(packet));
    if (!(await this.#replay.accept(batch))) {
      const detail = this.fault() ?? 'the replay state could not be written';
      return batch.map(() => ({ result: 'unready', detail }));
    }
    failpoint('packet-accepted');
    // Only now: bytes of a packet that is not on the disk could be served again after a crash.
    for (const packet of batch) {
      if (packet.type === 'entropy') this.#buffer.store(packet.data, this.#clock.monotonic());
    }
    failpoint('packet-stored');
    return missing.map((count) => ({ result: 'accepted', missing: count }));
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
