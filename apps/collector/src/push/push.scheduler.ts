/**
 * Decides when something is sent, and acts on what became of it; what may be sent again is the outbox's decision.
 *
 *   OutputBuffer -> (interval, or a full packet) -> Outbox -> Carrier -> Outcome -> Outbox.settle -> pause or next
 *
 * Heartbeats leave at their interval also while entropy flows, since nothing else carries the telemetry. Entropy that is due
 * goes between two of them, so that it leaves also where the interval is shorter than a round trip.
 */
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { Backoff } from '../backoff.js';
import type { LossReason } from '../ledger/ledger.js';
import { logEvent } from '../log-events.js';
import { CollectorSettings } from '../settings.js';
import { OutputBuffer } from '../sources/output-buffer.js';
import { nextBoot } from '../state/boot.js';
import { TelemetryService } from '../telemetry/telemetry.service.js';
import { Outbox } from './outbox.js';
import type { Outcome, Settlement } from './outbox.js';
import { CLOCK_SKEW_MS, RunClock } from './run-clock.js';
import { noteExpired, PushLog } from './push-log.js';
import { Carrier } from './carrier.js';
import { Identity } from './identity.js';

/** A shutdown has 10 s in all. */
const FLUSH_MS = 8000;

@Injectable()
export class PushScheduler implements BeforeApplicationShutdown {
  #outbox: Outbox;
  #clock = new RunClock(Date.now(), performance.now());
  readonly #backoff: Backoff;
  readonly #log = new PushLog();
  // Monotonic milliseconds: a clock that jumps must not stop the pushing.
  #pausedUntil = 0;
  #fullUntil = 0;
  #heartbeatAt = 0;
  #heartbeatWasLast = false;
  #entropyAt = 0;
  #flushUntil: number | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly settings: CollectorSettings,
    private readonly output: OutputBuffer,
    private readonly carrier: Carrier,
    private readonly identity: Identity,
    private readonly telemetry: TelemetryService,
  ) {
    this.#outbox = outboxOf(identity);
    this.#backoff = new Backoff(settings.QRNG_INITIAL_BACKOFF_MS, settings.QRNG_MAX_BACKOFF_MS);
  }

  /** Begins to push. */
  start(): void {
    this.identity.onReplaced = () => this.#resume();
    this.#running = this.#run();
  }

  /** Sends what is here, for 8 s at most; the sources have ended before. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#flushUntil = performance.now() + FLUSH_MS;
    const timer = setTimeout(() => this.carrier.abort('shutdown'), FLUSH_MS);
    this.#resume();
    await this.#running;
    clearTimeout(timer);
    this.carrier.abort('shutdown');
    this.telemetry.close(this.#outbox.heldBytes);
  }

  /** Ends when all is flushed or the time for it is up; rejects on a bug alone. */
  async #run(): Promise<void> {
    for (;;) {
      const now = performance.now();
      if (this.#isDone(now)) return;
      const packet = this.#nextPacket(now);
      if (packet === undefined) {
        await this.output.arrived.wait(this.#idleMs(now));
        continue;
      }
      const outcome = await this.carrier.send(packet);
      this.#act(outcome, this.#outbox.settle(outcome));
    }
  }

  /** The packet to send now, if any. */
  #nextPacket(now: number): Buffer | undefined {
    const timestamp = this.#timestamp(now);
    if (now < this.#pausedUntil) return undefined;
    this.#expire(timestamp);
    if (this.#outbox.unsettled !== undefined) return this.#outbox.unsettled;
    const heartbeatDue = now >= this.#heartbeatAt && this.#flushUntil === undefined;
    if (heartbeatDue && !this.#heartbeatWasLast) return this.#heartbeat(now, timestamp);
    if (now >= this.#fullUntil && this.#fill(now)) return this.#entropy(timestamp);
    return heartbeatDue ? this.#heartbeat(now, timestamp) : undefined;
  }

  /** The time to stamp packets with; where the clock cannot be trusted any more, that of a new run. */
  #timestamp(now: number): number {
    const wall = Date.now();
    const reading = this.#clock.read(wall, now);
    if ('timestamp' in reading) return reading.timestamp;
    const bytes = this.#beginRun('clock', wall);
    const boot = this.identity.boot.toString();
    logEvent('error', reading.fault, { byMs: reading.byMs, bytes, boot });
    return wall;
  }

  /** Drops everything on hand, so that nothing of this run is ever sealed again, and goes on as after a restart. */
  #beginRun(reason: LossReason, wall: number): number {
    const bytes = this.#outbox.clear() + this.output.clear();
    this.telemetry.ledger.drop(reason, bytes);
    const { identity } = this;
    identity.boot = nextBoot(this.settings.QRNG_STATE_DIR, wall, CLOCK_SKEW_MS).boot;
    this.#outbox = outboxOf(identity);
    this.#clock = new RunClock(wall, performance.now());
    this.#heartbeatAt = 0;
    this.#heartbeatWasLast = false;
    return bytes;
  }

  #expire(timestamp: number): void {
    const expired = this.#outbox.expire(timestamp);
    if (expired === undefined) return;
    if (expired.dropped !== undefined) {
      this.telemetry.ledger.drop(expired.dropped.reason, expired.dropped.bytes);
    }
    noteExpired(expired);
  }

  #heartbeat(now: number, timestamp: number): Buffer {
    this.#heartbeatAt = now + Math.min(this.settings.QRNG_HEARTBEAT_INTERVAL_MS, this.carrier.heartbeatMs);
    this.#heartbeatWasLast = true;
    return this.#outbox.sealHeartbeat(
      this.telemetry.encode(this.carrier.maxData),
      timestamp,
      this.identity.key,
    );
  }

  #entropy(timestamp: number): Buffer {
    this.#heartbeatWasLast = false;
    return this.#outbox.sealEntropy(timestamp, this.identity.key);
  }

  /** Whether the outbox holds entropy now: what it kept, or as much as makes a packet. */
  #fill(now: number): boolean {
    if (this.#outbox.heldBytes > 0) return true;
    const waiting = this.output.length;
    const most = Math.min(this.settings.QRNG_PUSH_MAX_BYTES, this.carrier.maxData, this.output.capacity);
    const due = waiting >= most || now >= this.#entropyAt || this.#flushUntil !== undefined;
    if (waiting === 0 || !due) return false;
    this.#entropyAt = now + this.settings.QRNG_PUSH_INTERVAL_MS;
    this.#outbox.hold(this.output.take(Math.min(waiting, most)));
    return true;
  }

  #act(outcome: Outcome, settlement: Settlement): void {
    const { ledger } = this.telemetry;
    if (settlement.result === 'sent') ledger.send(settlement.delivered);
    else ledger.deliver(settlement.delivered);
    if (settlement.dropped !== undefined) ledger.drop(settlement.dropped.reason, settlement.dropped.bytes);
    this.#log.note(outcome, settlement);
    // A restored copy of this machine would send again what the other one has sent: it must not go on where it was.
    if (settlement.result === 'replayed') this.#beginRun('replayed', Date.now());
    if (settlement.result === 'delivered' || settlement.result === 'sent') {
      this.#backoff.reset();
      return;
    }
    const askedMs = outcome.kind === 'answer' ? outcome.retryAfterMs : undefined;
    const waitMs =
      settlement.result === 'unauthorized' ? this.settings.QRNG_MAX_BACKOFF_MS : this.#backoff.next(askedMs);
    const until = performance.now() + waitMs;
    if (settlement.result === 'full') this.#fullUntil = until;
    else this.#pausedUntil = until;
  }

  #idleMs(now: number): number {
    const flushUntil = this.#flushUntil ?? Infinity;
    if (now < this.#pausedUntil) return Math.min(this.#pausedUntil, flushUntil) - now;
    const entropyAt =
      this.#outbox.heldBytes > 0 ? this.#fullUntil : this.output.length > 0 ? this.#entropyAt : Infinity;
    return Math.min(this.#flushUntil === undefined ? this.#heartbeatAt : flushUntil, entropyAt) - now;
  }

  /** A shutdown ends when nothing is left, or nothing more can be sent in time. */
  #isDone(now: number): boolean {
    if (this.#flushUntil === undefined) return false;
    const left = this.#outbox.heldBytes + this.output.length;
    return left === 0 || Math.max(now, this.#pausedUntil, this.#fullUntil) >= this.#flushUntil;
  }

  /** Forgets all pauses: something changed that may let packets through. */
  #resume(): void {
    this.#pausedUntil = 0;
    this.#fullUntil = 0;
    this.output.arrived.ring();
  }
}

function outboxOf({ collector, boot }: Identity): Outbox {
  return new Outbox({ collector, boot });
}
