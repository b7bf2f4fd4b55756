/**
 * The audit trail: who tried what, as JSON lines that carry a hash chain.
 *
 *   record() -> limit (outside events) -> bounded queue -> batches -> file of the day (synced) -> head
 */
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Clock } from '../clock.js';
import { errorCode } from '#libs/files';
import { logEvent } from '../log-events.js';
import { isOutsideEvent } from './audit-event.js';
import type { AuditEntry, AuditEvent, AuditFields, OutsideEvent } from './audit-event.js';
import type { AuditLog } from './audit-log.js';
import { EventLimit } from './event-limit.js';

/** Lines that wait while the disk is slow or full; what comes on top is counted and left out. */
const MAX_QUEUE = 4000;
const RETRY_AFTER_MS = 1000;
const TELL_LEFT_OUT_EVERY_MS = 60_000;

export interface AuditOptions {
  readonly retentionDays: number;
  readonly onLeftOut: (event: AuditEvent) => void;
}

export class AuditTrail implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #limit = new EventLimit<OutsideEvent>();
  readonly #leftOut = new Map<AuditEvent, number>();
  readonly #timer = setInterval(() => this.#tellLeftOut(), TELL_LEFT_OUT_EVERY_MS).unref();
  #queue: AuditEntry[] = [];
  #writing: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #fault: string | undefined;

  constructor(
    private readonly log: AuditLog,
    private readonly options: AuditOptions,
    private readonly clock: Clock,
  ) {}

  /** Records an event. Returns at once; never throws: what cannot be written shows in health and metrics. */
  record(event: AuditEvent, fields: AuditFields = {}): void {
    const admitted =
      !isOutsideEvent(event) || this.#limit.admits(event, fields.source ?? '', this.clock.monotonic());
    if (!admitted || this.#queue.length >= MAX_QUEUE) {
      this.#leftOut.set(event, (this.#leftOut.get(event) ?? 0) + 1);
      this.options.onLeftOut(event);
      return;
    }
    this.#queue.push({ ...fields, event, at: this.clock.now() });
    if (this.#fault === undefined) this.#pump();
  }

  /** Whether no gateway wrote to it before this one. */
  get isNew(): boolean {
    return this.log.isNew;
  }

  /** Why nothing can be written; undefined while all is well. */
  fault(): string | undefined {
    return this.#fault;
  }

  onApplicationBootstrap(): void {
    const { tornBytes, damage } = this.log.condition;
    if (damage !== undefined) {
      logEvent('error', 'audit-damaged', { reason: damage });
      this.record('trail-damaged', { reason: damage });
    }
    this.record(
      'started',
      tornBytes === 0 ? {} : { reason: `a torn line of ${tornBytes} bytes was cut off` },
    );
  }

  async onApplicationShutdown(signal?: string): Promise<void> {
    clearInterval(this.#timer);
    this.#tellLeftOut();
    this.record('stopped', { reason: signal });
    this.#pump();
    while (this.#writing !== undefined) await this.#writing;
    clearTimeout(this.#retry);
    this.log.close();
    logEvent('log', 'stopped', { reason: signal });
  }

  #tellLeftOut(): void {
    const counts = [...this.#leftOut];
    this.#leftOut.clear();
    for (const [event, count] of counts) this.record('left-out', { reason: event, count });
  }

  /** One writer at a time: the order of the lines is that of the chain. */
  #pump(): void {
    this.#writing ??= this.#write().then(() => {
      this.#writing = undefined;
      if (this.#fault === undefined && this.#queue.length > 0) this.#pump();
    });
  }

  async #write(): Promise<void> {
    try {
      while (this.#queue.length > 0 || !this.log.sealed) {
        const at = this.#queue[0]?.at ?? 0;
        if (this.log.startsDay(at)) await this.#startDay(at);
        const written = await this.log.append(this.#queue.slice());
        this.#queue = this.#queue.slice(written);
        await this.log.seal();
      }
      if (this.#fault !== undefined) logEvent('log', 'audit-writable');
      this.#fault = undefined;
    } catch (error) {
      this.#fault ??= this.#toldFault(error);
      this.#retry = setTimeout(() => this.#pump(), RETRY_AFTER_MS).unref();
    }
  }

  /** Notes which files go before they do: a trail that begins later than it once did is then no damage. */
  async #startDay(at: number): Promise<void> {
    const expired = await this.log.expired(this.options.retentionDays);
    const entries = expired.map(({ file, hash }) => {
      return { at, event: 'file-removed' as const, reason: `${file} ${hash}` };
    });
    if (entries.length > 0) await this.log.append(entries);
    for (const { file } of expired) await this.log.remove(file);
    // For those who keep logs elsewhere: anyone who rewrites the whole trail cannot rewrite this.
    logEvent('log', 'audit-head', { head: this.log.head });
  }

  #toldFault(error: unknown): string {
    logEvent('error', 'audit-unwritable', { reason: errorCode(error) });
    return `the audit trail cannot be written (${errorCode(error)})`;
  }
}
