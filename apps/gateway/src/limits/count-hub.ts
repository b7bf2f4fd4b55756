/**
 * Where the workers of a head count together:
 *
 *   counts of a worker -> the head's own windows and usage, and what each other worker hears next
 *   a quota            -> slices, all of which together never exceed it
 *
 * The rules of quotas are those of Redis (redis/slice-scripts.ts).
 */
import { dayKey, SLICES } from './exchange.js';
import type { ClientDay, Counts, Heard, Slice, SliceRequest, SliceRest, UsageTotal } from './exchange.js';
import type { RateLimiter } from './rate-limiter.js';
import type { UsageBook } from './usage-book.js';

type Entry = Counts & { readonly at: number };

interface Member {
  entries: Entry[];
  recalled: ClientDay[];
}

interface Claim {
  /** Bytes of the quota that are taken or leased. */
  bytes: number;
  recalledAt: number;
}

export class CountHub {
  readonly #members = new Map<number, Member>();
  readonly #claims = new Map<string, Claim>();

  /** @param own the head's own counters, which hear everything. */
  constructor(
    private readonly own: { clients: RateLimiter; networks: RateLimiter; usage: UsageBook },
    private readonly now: () => number,
  ) {}

  /** Takes what a worker counted, and gives what it has not heard yet; at its first time, all that is known. */
  exchange(worker: number, counts: Counts, today: number): Heard {
    const at = this.now();
    this.#hear(counts);
    const isEmpty = counts.clients.length + counts.networks.length + counts.usage.length === 0;
    for (const [other, member] of this.#members) {
      if (other !== worker && !isEmpty) member.entries.push({ ...counts, at });
    }
    const member = this.#members.get(worker);
    if (member === undefined) return this.#join(worker, today);
    const { entries, recalled } = member;
    this.#members.set(worker, { entries: [], recalled: [] });
    return { counts: entries.map((entry) => ({ ...entry, ageMs: at - entry.at })), recalled };
  }

  /** A slice of a quota: what is needed, and a share of what is free. */
  lease({ client, day, need, bytesPerDay }: SliceRequest): Slice {
    const claim = this.#claimOf({ client, day });
    const free = bytesPerDay - claim.bytes;
    if (free >= need) {
      const ahead = Math.min(SLICES.mostAhead, Math.floor((free - need) / SLICES.shareAhead));
      const bytes = need + (ahead < need ? 0 : ahead);
      claim.bytes += bytes;
      return { result: 'leased', bytes, claimed: claim.bytes };
    }
    if (this.own.usage.left(client, bytesPerDay) < need) return { result: 'used-up' };
    const since = this.now() - claim.recalledAt;
    if (since > SLICES.recallAgainMs) {
      claim.recalledAt = this.now();
      for (const { recalled } of this.#members.values()) recalled.push({ client, day });
    }
    return since > SLICES.recallAgainMs || since < SLICES.recallMs
      ? { result: 'wait', ms: SLICES.lookAgainMs }
      : { result: 'used-up' };
  }

  giveBack({ client, day, bytes }: SliceRest): void {
    this.#claimOf({ client, day }).bytes -= bytes;
  }

  /** A worker is gone. What it had leased of quotas stays claimed: it may have given it out. */
  leave(worker: number): void {
    this.#members.delete(worker);
  }

  #hear({ clients, networks, usage }: Counts): void {
    for (const count of clients) this.own.clients.hear(count, 0);
    for (const count of networks) this.own.networks.hear(count, 0);
    for (const count of usage) {
      this.#claimOf(count).bytes += count.unleased; // first: a claim that is new begins with what was used before
      this.own.usage.hear(count);
    }
  }

  #join(worker: number, today: number): Heard {
    this.#members.set(worker, { entries: [], recalled: [] });
    const clients = this.own.clients.remembered();
    const networks = this.own.networks.remembered();
    return {
      counts: [
        ...clients.map(({ ageMs, ...count }) => ({ clients: [count], networks: [], usage: [], ageMs })),
        ...networks.map(({ ageMs, ...count }) => ({ clients: [], networks: [count], usage: [], ageMs })),
      ],
      totals: this.own.usage
        .known()
        .filter(({ day }) => day === today)
        .map((total) => this.#claimed(total)),
      recalled: [],
    };
  }

  #claimed(total: UsageTotal): UsageTotal {
    return { ...total, claimed: this.#claimOf(total).bytes };
  }

  /** Claims of days that are over are forgotten when a new one begins. */
  #claimOf({ client, day }: ClientDay): Claim {
    const key = dayKey({ client, day });
    const known = this.#claims.get(key);
    if (known !== undefined) return known;
    const today = this.own.usage.today();
    for (const old of this.#claims.keys()) {
      if (Number(old.split(' ')[1]) < today - 1) this.#claims.delete(old);
    }
    const used = this.own.usage.known().find((total) => total.client === client && total.day === day);
    const claim = { bytes: used?.bytes ?? 0, recalledAt: -Infinity };
    this.#claims.set(key, claim);
    return claim;
  }
}
