/**
 * Decides when something is sent, and acts on what became of it; what may be sent again is decided by runs.ts and outbox.ts.
 *
 *   OutputBuffer -> (interval, or a full packet) -> Runs -> Carrier -> Outcome -> Runs.settle -> pause or next
 *
 * Heartbeats leave at their interval also while entropy flows, since nothing else carries the telemetry. Entropy that is due
 * goes between two of them, so that it leaves also where the interval is shorter than a round trip. While the gateway cannot
 * be reached only heartbeats are sealed: bytes sealed before the state of a new gateway began would be stale there.
 */
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { MAX_ENTROPY_BYTES, MAX_HEARTBEAT_BYTES, PACKET_OVERHEAD_BYTES } from '#libs/crypto';
import { Backoff } from '../backoff.js';
import { logEvent } from '../log-events.js';
import { CollectorSettings } from '../settings.js';
import { OutputBuffer } from '../sources/output-buffer.js';
import { nextBoot } from '../state/boot.js';
import { TelemetryService } from '../telemetry/telemetry.service.js';
import type { Outcome, Settlement } from './outbox.js';
import { CLOCK_SKEW_MS } from './run-clock.js';
import { groupsIn } from './lineage-signer.js';
import { Runs } from './runs.js';
import type { RunEnd } from './runs.js';
import { PacketSize } from './packet-size.js';
import { noteExpired, PushLog } from './push-log.js';
import { Carrier } from './carrier.js';
import { Identity } from './identity.js';

/**
 * How often the clocks are looked at, also while nothing is sent: a leap that shows a restored machine could be hidden by a
 * clock that is set back before anybody looks.
 */
const LOOK_MS = 1000;
/** A shutdown has 10 s in all. */
const FLUSH_MS = 8000;
/** The longest time between two heartbeats that sign: receipts of the gateway wait for them. */
const SIGNED_MS = 1000;

@Injectable()
export class PushScheduler implements BeforeApplicationShutdown {
  readonly #runs: Runs;
  readonly #backoff: Backoff;
  readonly #size: PacketSize;
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
    const around = {
      collector: identity.collector,
      key: () => identity.key,
      nextBoot: (wall: number) => nextBoot(settings.QRNG_STATE_DIR, wall, CLOCK_SKEW_MS).boot,
      clear: () => output.clear(),
    };
    this.#runs = new Runs(around, identity.boot, Date.now(), performance.now());
    output.onDropAll = () => {
      this.#runs.condemn();
      output.arrived.ring();
    };
    this.#size = new PacketSize(settings.QRNG_PUSH_MAX_BYTES, MAX_ENTROPY_BYTES);
    this.#backoff = new Backoff(settings.QRNG_INITIAL_BACKOFF_MS, settings.QRNG_MAX_BACKOFF_MS);
  }

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
    this.telemetry.close(this.#runs.heldBytes);
  }

  /** Ends when all is flushed or the time for it is up; rejects on a bug alone. */
  async #run(): Promise<void> {
    for (;;) {
      const now = performance.now();
      if (this.#isDone(now)) return;
      const packet = this.#nextPacket(now);
      if (packet === undefined) {
        await this.output.arrived.wait(Math.min(this.#idleMs(now), LOOK_MS));
        continue;
      }
      const sentAt = performance.now();
      const outcome = await this.carrier.send(packet);
      const tookMs = performance.now() - sentAt;
      const { boot } = this.#runs;
      const { settlement, end } = this.#runs.settle(outcome, Date.now(), performance.now());
      this.#noteLineage(boot, settlement);
      this.#resize(settlement, packet.length - PACKET_OVERHEAD_BYTES, tookMs);
      this.#act(outcome, settlement);
      if (end !== undefined) this.#noteEnd(end);
    }
  }

  /** The packet to send now, if any. */
  #nextPacket(now: number): Buffer | undefined {
    const { boot } = this.#runs;
    const { expired, end } = this.#runs.turn(Date.now(), now);
    if (end !== undefined) this.#noteEnd(end);
    if (expired !== undefined) this.#noteExpired(boot, expired);
    if (now < this.#pausedUntil) return undefined;
    if (this.#runs.unsettled !== undefined) return this.#runs.unsettled;
    const isDue = now >= this.#heartbeatAt || this.identity.signer?.isFull === true;
    const heartbeatDue = isDue && this.#flushUntil === undefined;
    if (this.#runs.needsHeartbeat || (heartbeatDue && !this.#heartbeatWasLast)) return this.#heartbeat(now);
    if (now >= this.#fullUntil && this.#fill(now)) return this.#entropy();
    return heartbeatDue ? this.#heartbeat(now) : undefined;
  }

  #noteEnd({ reason, byMs, bytes, boot }: RunEnd): void {
    this.telemetry.ledger.drop(reason === 'run-replaced' ? 'replayed' : 'clock', bytes);
    if (reason !== 'run-replaced') this.telemetry.clockStepped();
    this.#heartbeatNext(); // the first packet of a run
    logEvent('error', reason, { byMs, bytes, boot: boot.toString() });
  }

  #heartbeatNext(): void {
    this.#heartbeatAt = 0;
    this.#heartbeatWasLast = false;
  }

  #noteExpired(boot: bigint, expired: Settlement): void {
    this.#noteLineage(boot, expired);
    if (expired.dropped !== undefined) {
      this.telemetry.ledger.drop(expired.dropped.reason, expired.dropped.bytes);
    }
    noteExpired(expired);
  }

  #heartbeat(now: number): Buffer {
    const { signer } = this.identity;
    const { maxData, heartbeatMs } = this.carrier;
    const mostMs = Math.min(heartbeatMs, signer === undefined ? Infinity : SIGNED_MS);
    this.#heartbeatAt = now + Math.min(this.settings.QRNG_HEARTBEAT_INTERVAL_MS, mostMs);
    this.#heartbeatWasLast = true;
    const { boot, certificateExpiresAt: expiresAt } = this.identity;
    const most = Math.min(maxData, MAX_HEARTBEAT_BYTES);
    const lineage = signer?.statement(groupsIn(most));
    const pusher = {
      startedAt: Number(boot),
      ...(expiresAt === undefined ? {} : { pushCertificateExpiresAt: expiresAt }),
      ...(lineage === undefined ? {} : { lineage }),
    };
    return this.#runs.sealHeartbeat(this.telemetry.encode(most, pusher));
  }

  /** What the gateway took, or may have taken, is what the collector signs for. */
  #noteLineage(boot: bigint, { type, result, sequence, delivered, dropped }: Settlement): void {
    const { signer } = this.identity;
    if (signer === undefined) return;
    if (delivered > 0 || dropped?.reason === 'unknown') signer.note(boot, sequence);
    if (type === 'heartbeat' && (result === 'delivered' || result === 'sent')) signer.settled(result);
  }

  #entropy(): Buffer {
    this.#heartbeatWasLast = false;
    const packet = this.#runs.sealEntropy(this.#mostBytes);
    this.identity.signer?.hold(packet);
    return packet;
  }

  /** The most bytes of entropy that a packet takes now. */
  get #mostBytes(): number {
    return Math.min(this.#size.limit, this.carrier.maxData, this.output.capacity);
  }

  /** Learns from what became of a packet, and how long that took, how large the next one should be. */
  #resize({ type, result, delivered }: Settlement, bytes: number, tookMs: number): void {
    if (type === 'heartbeat') return;
    if (result === 'delivered' || result === 'sent') this.#size.taken(delivered, tookMs);
    if (result === 'full') this.#size.refused(bytes);
    if (result === 'unsettled') this.#size.lost();
  }

  /** Whether the outbox holds entropy now: what it kept, or as much as makes a packet. */
  #fill(now: number): boolean {
    if (this.#runs.heldBytes > 0) return true;
    const waiting = this.output.length;
    const enough = Math.min(this.settings.QRNG_PUSH_MAX_BYTES, this.#mostBytes);
    // A larger packet only where more than one waits: the round trips are long.
    const most = waiting >= 2 * enough ? this.#mostBytes : enough;
    const due = waiting >= enough || now >= this.#entropyAt || this.#flushUntil !== undefined;
    if (waiting === 0 || !due) return false;
    this.#entropyAt = now + this.settings.QRNG_PUSH_INTERVAL_MS;
    this.#runs.hold(this.output.take(Math.min(waiting, most)));
    return true;
  }

  #act(outcome: Outcome, settlement: Settlement): void {
    const { ledger } = this.telemetry;
    if (settlement.result === 'sent') ledger.send(settlement.delivered);
    else ledger.deliver(settlement.delivered);
    if (settlement.dropped !== undefined) ledger.drop(settlement.dropped.reason, settlement.dropped.bytes);
    this.#log.note(outcome, settlement);
    if (settlement.result === 'delivered' || settlement.result === 'sent') {
      this.#backoff.reset();
      return;
    }
    if (outcome.kind === 'unsent') this.#heartbeatNext();
    const askedMs = outcome.kind === 'answer' ? outcome.retryAfterMs : undefined;
    const waitMs =
      settlement.result === 'unauthorized' ? this.settings.QRNG_MAX_BACKOFF_MS : this.#backoff.next(askedMs);
    const until = performance.now() + waitMs;
    // Heartbeats pass a full pool; where one does not, nothing does.
    if (settlement.result === 'full' && settlement.type === 'entropy') this.#fullUntil = until;
    else this.#pausedUntil = until;
  }

  #idleMs(now: number): number {
    const flushUntil = this.#flushUntil ?? Infinity;
    if (now < this.#pausedUntil) return Math.min(this.#pausedUntil, flushUntil) - now;
    const entropyAt =
      this.#runs.heldBytes > 0 ? this.#fullUntil : this.output.length > 0 ? this.#entropyAt : Infinity;
    return Math.min(this.#flushUntil === undefined ? this.#heartbeatAt : flushUntil, entropyAt) - now;
  }

  /** A shutdown ends when nothing is left, or nothing more can be sent in time. */
  #isDone(now: number): boolean {
    if (this.#flushUntil === undefined) return false;
    const left = this.#runs.heldBytes + this.output.length;
    return left === 0 || Math.max(now, this.#pausedUntil, this.#fullUntil) >= this.#flushUntil;
  }

  /** Forgets all pauses: something changed that may let packets through. */
  #resume(): void {
    this.#pausedUntil = 0;
    this.#fullUntil = 0;
    this.output.arrived.ring();
  }
}
