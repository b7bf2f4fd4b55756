/**
 * What the head does for its workers:
 *
 *   lease, admit, counts, slices, audit events, receipts, status, metrics  <- each worker
 *   the state of the pool, a fault of the audit trail, reloads             -> all of them
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { wipeAndFree } from '#libs/entropy';
import { AdmissionService } from '../admission/admission.service.js';
import { ADMIT } from '../admission/forwarded-admission.js';
import { PacketRefusal } from '../admission/packet-refusal.js';
import { STATUS, StatusService } from '../api/report/status.service.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { AUDIT_FAULT, RECORD } from '../audit/forwarded-trail.js';
import { Clock } from '../clock.js';
import { BlockRequests } from '../limits/block-requests.js';
import { CountHub } from '../limits/count-hub.js';
import { NETWORK_RATES } from '../limits/failed-authentications.js';
import { COUNTS, GIVE_BACK, SLICE } from '../limits/head-exchange.js';
import type { RateLimiter } from '../limits/rate-limiter.js';
import { CLIENT_RATES } from '../limits/request-limits.js';
import { UsageBook } from '../limits/usage-book.js';
import type { Channel } from '../link/channel.js';
import { ChannelError } from '../link/channel.js';
import { GatewayMetrics, METRICS_TEXT } from '../metrics/gateway-metrics.js';
import type { MetricValues } from '../metrics/gateway-metrics.js';
import { EntropyService, POOL } from '../pool/entropy.service.js';
import { DISCARD, DISCARDED, LEASE, POOL_STATE, systemMs } from '../pool/leased-pool.js';
import type { PoolState } from '../pool/leased-pool.js';
import type { LendingPool } from '../pool/lending-pool.js';
import { ReceivedQuality } from '../pool/received/received-quality.js';
import { keepReceiptsFor } from '../receipts/forwarded-receipts.js';
import { RECEIPTS } from '../receipts/token.js';
import type { ReceiptKeeper } from '../receipts/token.js';
import { LAST_SNAPSHOT, LET_IN, LISTENING, SNAPSHOT } from './calls.js';
import { countsOf, mergedCounts, mergedText, usedOf } from './merged-metrics.js';

/** How often workers hear what changed, and how often the head learns what they have counted. */
const TELL_EVERY_MS = 50;
const LOOK_EVERY_MS = 1000;
/** A worker that is busy for this long is not waited for. */
const ANSWER_WITHIN_MS = 2000;

interface Seat {
  readonly channel: Channel;
  /** Whether it serves, and so answers. */
  isUp: boolean;
  /** Gives up what the receipt log kept for it. */
  readonly giveUp: () => void;
  /** What it has counted until its last snapshot. */
  last: readonly MetricValues[];
}

export class Desk {
  readonly #seats = new Map<number, Seat>();
  readonly #hub: CountHub;
  readonly #pool: LendingPool;
  readonly #entropy: EntropyService;
  readonly #metrics: GatewayMetrics;
  readonly #timers: NodeJS.Timeout[];
  /** What workers counted that are gone, added up now and then. */
  #gone: (readonly MetricValues[])[] = [];
  #adding = Promise.resolve();
  #told = '';

  /** @param app the head. */
  constructor(private readonly app: NestFastifyApplication) {
    const get = <T>(token: Parameters<typeof app.get<T>>[0]): T => app.get<T>(token, { strict: false });
    this.#pool = get<LendingPool>(POOL);
    this.#entropy = get(EntropyService);
    this.#metrics = get(GatewayMetrics);
    const clock = get(Clock);
    this.#hub = new CountHub(
      {
        clients: get<RateLimiter>(CLIENT_RATES),
        networks: get<RateLimiter>(NETWORK_RATES),
        usage: get(UsageBook),
      },
      () => clock.monotonic(),
    );
    this.#pool.whenDiscarded(() => {
      const { discards } = this.#pool;
      for (const { channel } of this.#seats.values()) channel.tell(DISCARDED, { discards });
    });
    get<BlockRequests>(BlockRequests).whenLetIn((name) => {
      for (const { channel } of this.#seats.values()) channel.tell(LET_IN, { name });
    });
    this.#timers = [
      setInterval(() => this.#tell(), TELL_EVERY_MS).unref(),
      setInterval(() => void this.#look(), LOOK_EVERY_MS).unref(),
    ];
  }

  /** Answers a worker from now on; `onListening` gets the URL at which it serves. */
  seat(worker: number, channel: Channel, onListening: (url: string) => void): void {
    const { app } = this;
    const receipts = app.get<ReceiptKeeper | undefined>(RECEIPTS, { strict: false });
    const giveUp = receipts === undefined ? () => undefined : keepReceiptsFor(channel, receipts);
    const seat: Seat = { channel, isUp: false, giveUp, last: [] };
    this.#seats.set(worker, seat);
    const admission = app.get(AdmissionService, { strict: false });
    const audit = app.get(AuditTrail, { strict: false });
    const status = app.get(StatusService, { strict: false });
    channel.answer(LEASE, ({ need }) => {
      const pieces = this.#pool.lend(worker, need, systemMs());
      // By then the answer is in the pipe, as a copy.
      setImmediate(() => {
        for (const { data } of pieces) wipeAndFree(data);
      });
      return { pieces, state: this.#state(), discards: this.#pool.discards };
    });
    channel.hear(DISCARD, () => this.#pool.discard());
    channel.answer(ADMIT, async ({ packet, origin }) => {
      try {
        await admission.admit(packet, origin);
        return undefined;
      } catch (error) {
        if (!(error instanceof PacketRefusal)) throw error;
        return { result: error.result, detail: error.detail };
      }
    });
    channel.answer(COUNTS, ({ counts, today }) => this.#hub.exchange(worker, counts, today));
    channel.answer(SLICE, (request) => this.#hub.lease(request));
    channel.hear(GIVE_BACK, (slice) => this.#hub.giveBack(slice));
    channel.hear(RECORD, ({ event, fields }) => audit.record(event, fields));
    channel.answer(STATUS, () => status.report());
    channel.answer(METRICS_TEXT, () => this.#metricsText());
    channel.answer(LAST_SNAPSHOT, (snapshot) => {
      this.#note(worker, snapshot);
      return true as const;
    });
    channel.hear(LISTENING, ({ url }) => {
      seat.isUp = true;
      channel.tell(POOL_STATE, this.#state());
      channel.tell(AUDIT_FAULT, audit.fault());
      onListening(url);
    });
  }

  /** A worker is gone: what it held is lost, and what it counted stays counted. */
  clear(worker: number): void {
    const seat = this.#seats.get(worker);
    this.#seats.delete(worker);
    seat?.channel.close();
    seat?.giveUp();
    this.#hub.leave(worker);
    this.#pool.forfeit(worker);
    this.#gone.push(countsOf(seat?.last ?? []));
    this.#adding = this.#adding.then(() => this.#addUp());
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** Many workers that are gone take no more memory than one. */
  async #addUp(): Promise<void> {
    const some = [...this.#gone];
    const sum = await mergedCounts(some);
    this.#gone = [sum, ...this.#gone.slice(some.length)];
  }

  #state(): PoolState {
    const { receivedBytes, servedBytes } = this.#entropy.totals();
    return {
      level: this.#entropy.level(),
      fault: this.#entropy.fault(),
      blocks: this.#entropy.blocks(),
      quality: this.app.get(ReceivedQuality, { strict: false }).report(),
      servesOn: this.#pool.servesOn(),
      totals: { received: receivedBytes, served: servedBytes },
    };
  }

  #tell(): void {
    const state = this.#state();
    const fault = this.app.get(AuditTrail, { strict: false }).fault();
    const text = JSON.stringify([state, fault]);
    if (text === this.#told) return;
    this.#told = text;
    for (const { channel } of this.#seats.values()) {
      channel.tell(POOL_STATE, state);
      channel.tell(AUDIT_FAULT, fault);
    }
  }

  /** Asks all workers what they have counted. Of one that does not answer in time the last answer counts. */
  async #look(): Promise<void> {
    const up = [...this.#seats].filter(([, { isUp }]) => isUp);
    const asked = up.map(([worker, { channel }]) => this.#ask(worker, channel));
    await Promise.race([Promise.all(asked), sleep(ANSWER_WITHIN_MS, undefined, { ref: false })]);
  }

  async #ask(worker: number, channel: Channel): Promise<void> {
    try {
      this.#note(worker, await channel.call(SNAPSHOT, undefined));
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
    }
  }

  #note(worker: number, snapshot: readonly MetricValues[]): void {
    const seat = this.#seats.get(worker);
    if (seat === undefined) return;
    seat.last = snapshot;
    const more = this.#pool.settle(worker, usedOf(snapshot));
    if (more > 0) this.#entropy.noteServed(more);
  }

  /** All of one moment: what a worker counts meanwhile counts as lent until its next snapshot. */
  async #metricsText(): Promise<string> {
    await this.#look();
    return this.#metrics.values((own) => {
      const workers = [...this.#seats.values()].map(({ last }) => last);
      return mergedText(own, [...workers, ...this.#gone]);
    });
  }
}
