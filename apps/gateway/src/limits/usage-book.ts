/**
 * What each client has used, by UTC day, and what its quota leaves. A day is known by its number: a clock that leaps and
 * comes back finds the usage of the true day again, and one that is set back gives no quota a second time.
 */
import type { Client } from '../clients/client.js';
import type { Clock } from '../clock.js';
import { getOrMake, setLatest } from '../maps.js';
import { dayKey } from './exchange.js';
import type { UsageCounts, UsageTotal } from './exchange.js';
import type { QuotaStanding } from './rate-limit-fields.js';

const DAY_MS = 86_400_000;

/** Days that are remembered; beyond it the one that was the present day longest ago is forgotten. */
const MOST_DAYS = 4;

/** Requests admitted, and bytes of entropy taken, in one UTC day. */
export interface DayUsage {
  requests: number;
  bytes: number;
}

type Usages = Map<string, DayUsage>;

export type UsageDays = Readonly<Record<string, Readonly<Record<string, DayUsage>>>>;

export class UsageBook {
  /** The present day last. */
  readonly #days = new Map<number, Usages>();
  readonly #unsent = new Map<string, UsageCounts>();
  #day = NaN;
  #today: Usages = new Map();

  /** @param isShared whether others count too, so that they need to hear what is counted here. */
  constructor(
    private readonly clock: Clock,
    private readonly isShared: boolean,
  ) {
    this.today();
  }

  countRequest(client: string): void {
    this.of(client).requests++;
    if (this.isShared) this.#unsentOf(client, this.#day).requests++;
  }

  /**
   * Adds bytes to what `client` used of `day`, or takes them back.
   *
   * @param isLeased whether a slice of a quota stands for them.
   */
  addBytes(client: string, bytes: number, day: number, isLeased: boolean): void {
    const usages = this.#days.get(day);
    if (usages === undefined) return;
    usageOf(usages, client).bytes += bytes;
    if (!this.isShared) return;
    const unsent = this.#unsentOf(client, day);
    unsent.bytes += bytes;
    if (!isLeased) unsent.unleased += bytes;
  }

  /** The number of the current UTC day. */
  today(): number {
    const day = Math.floor(this.clock.now() / DAY_MS);
    if (day !== this.#day) this.#begin(day);
    return day;
  }

  of(client: string): DayUsage {
    this.today();
    return usageOf(this.#today, client);
  }

  /** What is left of a quota: nothing, when it was lowered below what was used already. */
  left(client: string, bytesPerDay: number): number {
    return Math.max(0, bytesPerDay - this.of(client).bytes);
  }

  /** The state of a client's quota, if it has one. */
  quotaOf({ name, bytesPerDay }: Client): QuotaStanding | undefined {
    if (bytesPerDay === undefined) return undefined;
    const secs = Math.ceil((this.resetsAt() - this.clock.now()) / 1000);
    return { bytesPerDay, left: this.left(name, bytesPerDay), secs };
  }

  /** When the current day ends, Unix milliseconds. */
  resetsAt(): number {
    return (this.today() + 1) * DAY_MS;
  }

  /** All that is remembered, to be kept over a restart. */
  snapshot(): UsageDays {
    return Object.fromEntries([...this.#days].map(([day, usages]) => [day, Object.fromEntries(usages)]));
  }

  restore(days: UsageDays): void {
    for (const [day, clients] of Object.entries(days)) {
      this.#days.set(Number(day), new Map(Object.entries(clients)));
    }
    this.#begin(this.today());
  }

  takeUnsent(): UsageCounts[] {
    const counts = [...this.#unsent.values()];
    this.#unsent.clear();
    return counts;
  }

  hear({ client, day, requests, bytes }: UsageCounts): void {
    const usages = this.#days.get(day);
    if (usages === undefined) return;
    const usage = usageOf(usages, client);
    usage.requests += requests;
    usage.bytes = Math.max(0, usage.bytes + bytes); // what is taken back may not have been heard of
  }

  /** What is known of all gateways together, without what was not sent yet. */
  known(): UsageTotal[] {
    return [...this.#days].flatMap(([day, usages]) =>
      [...usages].map(([client, { requests, bytes }]) => {
        const unsent = this.#unsent.get(dayKey({ client, day }));
        const sent = bytes - (unsent?.bytes ?? 0);
        return { client, day, requests: requests - (unsent?.requests ?? 0), bytes: sent, claimed: sent };
      }),
    );
  }

  /** Learns what all gateways together have used, in a day of which more was counted before this one took part. */
  learn({ client, day, requests, bytes }: UsageTotal): void {
    const usages = this.#days.get(day);
    if (usages === undefined) return;
    const usage = usageOf(usages, client);
    const unsent = this.#unsent.get(dayKey({ client, day }));
    usage.requests = Math.max(usage.requests, requests + (unsent?.requests ?? 0));
    usage.bytes = Math.max(usage.bytes, bytes + (unsent?.bytes ?? 0));
  }

  /** Makes `day` the present one. */
  #begin(day: number): void {
    this.#day = day;
    this.#today = this.#days.get(day) ?? new Map<string, DayUsage>();
    setLatest(this.#days, day, this.#today, MOST_DAYS);
  }

  #unsentOf(client: string, day: number): UsageCounts {
    const nothing = { client, day, requests: 0, bytes: 0, unleased: 0 };
    return getOrMake(this.#unsent, dayKey(nothing), () => nothing);
  }
}

function usageOf(usages: Usages, client: string): DayUsage {
  return getOrMake(usages, client, () => ({ requests: 0, bytes: 0 }));
}
