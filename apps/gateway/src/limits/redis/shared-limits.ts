/**
 * The limits of all gateways together, counted in Redis. Requests that come while an answer is awaited are asked about
 * together in the next call, so that under load a call serves many of them. A client that has plenty left is counted some
 * requests in advance, as many as it made of late, and those wait for nothing.
 */
import type { RedisConnection } from '../../redis/redis-connection.js';
import { RedisError } from '../../redis/redis-error.js';
import type { RatePolicy, RateVerdict } from '../rate-limiter.js';
import { limit } from './limit-script.js';
import type { LimitedRequest, LimitReply } from './limit-script.js';

/** By the codes of the script. */
const REFUSALS = [undefined, 'window', 'burst', 'blocked'] as const;

/** Requests of one call: what Redis decides on in about two milliseconds. */
const MOST_REQUESTS = 200;

/** For so long requests that were counted in advance may be made; the windows are inexact by as much. */
const ADVANCE_MS = 50;
const MOST_IN_ADVANCE = 1024;

/** For so long a block is taken from memory: a client that is blocked and goes on does not keep Redis busy. */
const BLOCK_KEPT_MS = 1000;

/** A verdict, and whose limit it is about. */
export interface SharedVerdict extends RateVerdict {
  readonly of: 'network' | 'client';
}

/** What Redis said of requests that are yet to come: counted already, or blocked. */
interface Advance {
  readonly policy: RatePolicy;
  readonly verdict: SharedVerdict;
  readonly until: number;
  left: number;
  /** Requests made of it since Redis was last asked about the client. */
  used: number;
}

interface Waiting {
  readonly request: LimitedRequest;
  readonly resolve: (verdict: SharedVerdict | undefined) => void;
  readonly reject: (error: unknown) => void;
}

export class SharedLimits {
  #waiting: Waiting[] = [];
  #isAsking = false;
  readonly #advances = new Map<string, Advance>();

  constructor(
    private readonly redis: RedisConnection,
    private readonly networkPolicy: RatePolicy,
    private readonly maxNetworks: number,
  ) {}

  /** Whether Redis can be asked; without it each gateway counts by itself. */
  get areUp(): boolean {
    return this.redis.fault === undefined;
  }

  /** The verdict on a request of a client, if Redis gave it in advance; undefined when it has to be asked. */
  countNow(client: string, policy: RatePolicy): SharedVerdict | undefined {
    const advance = this.#advances.get(client);
    if (advance === undefined || advance.left === 0 || advance.policy !== policy) return undefined;
    if (performance.now() > advance.until) return undefined;
    advance.left--;
    advance.used++;
    return advance.verdict;
  }

  /**
   * Counts a request of an authenticated client, unless its limit or that of its network is met; without a client a failed
   * authentication. Nothing when Redis did not answer: then it may or may not have been counted.
   */
  async count(request: LimitedRequest): Promise<SharedVerdict | undefined> {
    const verdict = new Promise<SharedVerdict | undefined>((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
    });
    if (!this.#isAsking) void this.#askForAll();
    return verdict;
  }

  async #askForAll(): Promise<void> {
    this.#isAsking = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, MOST_REQUESTS);
      this.#waiting = this.#waiting.slice(MOST_REQUESTS);
      await this.#ask(batch);
    }
    this.#isAsking = false;
  }

  async #ask(batch: readonly Waiting[]): Promise<void> {
    const { networkPolicy, maxNetworks } = this;
    const requests = batch.map(({ request }) => request);
    const clients = clientsOf(requests);
    for (const asking of clients.values()) requests[asking.at] = this.#wanting(asking);
    try {
      const replies = await this.redis.runScript(limit, { networkPolicy, maxNetworks, requests });
      for (const asking of clients.values()) this.#keep(asking, replies[asking.at]);
      batch.forEach(({ resolve }, i) => resolve(verdictOf(replies[i])));
    } catch (error) {
      for (const { resolve, reject } of batch) {
        if (error instanceof RedisError) resolve(undefined);
        else reject(error);
      }
    }
  }

  /** Wants in advance what comes to twice the requests since the client last asked; nothing if it comes now and then. */
  #wanting({ network, client, count }: Asking): LimitedRequest {
    const last = this.#advances.get(client.name);
    if (last === undefined || performance.now() > last.until + ADVANCE_MS) return { network, client };
    const want = Math.min(Math.max(0, 2 * (last.used + count) - last.left), MOST_IN_ADVANCE);
    return { network, client: { ...client, want } };
  }

  /** Keeps what was said of the first request of a client in the batch. */
  #keep({ client: { name, policy } }: Asking, reply: LimitReply | undefined): void {
    const now = performance.now();
    const verdict = { ...verdictOf(reply), blockedNow: false }; // that is true of one request only
    const keep = (left: number, until: number) =>
      this.#advances.set(name, { policy, verdict, until, left, used: 0 });
    if (verdict.of === 'client' && verdict.refused === 'blocked') {
      keep(Infinity, now + Math.min(verdict.waitMs, BLOCK_KEPT_MS));
      return;
    }
    const last = this.#advances.get(name);
    const more = reply?.[6] ?? 0;
    const areAdmitted = verdict.refused === undefined && last?.verdict.refused === undefined;
    const isLeft = areAdmitted && last?.policy === policy && last.left > 0 && now <= last.until;
    if (isLeft) keep(last.left + more, last.until);
    else keep(more, now + ADVANCE_MS);
  }
}

/** The first request of a client in a batch, and how many of them there are. */
interface Asking {
  readonly network: string;
  readonly client: NonNullable<LimitedRequest['client']>;
  readonly at: number;
  count: number;
}

function clientsOf(requests: readonly LimitedRequest[]): ReadonlyMap<string, Asking> {
  const clients = new Map<string, Asking>();
  for (const [at, { network, client }] of requests.entries()) {
    if (client === undefined) continue;
    const asking = clients.get(client.name);
    if (asking === undefined) clients.set(client.name, { network, client, at, count: 1 });
    else asking.count++;
  }
  return clients;
}

function verdictOf(reply: LimitReply | undefined): SharedVerdict {
  if (reply === undefined) throw new Error('the limit script answered too few');
  const [ofNetwork, code, blockedNow, left, burstLeft, waitMs] = reply;
  const refused = REFUSALS[code];
  return {
    of: ofNetwork === 1 ? 'network' : 'client',
    ...(refused === undefined ? {} : { refused }),
    ...(blockedNow === 1 ? { blockedNow: true } : {}),
    left,
    burstLeft,
    waitMs,
  };
}
