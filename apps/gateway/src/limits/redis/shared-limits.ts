/**
 * The limits of all gateways together, counted in Redis. Requests that come while an answer is awaited are asked about
 * together in the next call, so that under load a call serves many of them. A client that has plenty left is counted some
 * requests in advance, as many as it made of late, and those wait for nothing.
 */
import type { RedisConnection } from '../../redis/redis-connection.js';
import { RedisError } from '../../redis/redis-error.js';
import type { RatePolicy, RateVerdict } from '../rate-limiter.js';
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
  readonly given: number;
  left: number;
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
    const requests = this.#wanting(batch);
    try {
      const replies = await this.redis.run((client) =>
        client.limit({ networkPolicy, maxNetworks, requests }),
      );
      this.#keep(batch, replies);
      batch.forEach(({ resolve }, i) => resolve(verdictOf(replies[i])));
    } catch (error) {
      for (const { resolve, reject } of batch) {
        if (error instanceof RedisError) resolve(undefined);
        else reject(error);
      }
    }
  }

  /** Wants twice as many in advance as were used of the last ones; nothing for a client that comes now and then. */
  #wanting(batch: readonly Waiting[]): LimitedRequest[] {
    const now = performance.now();
    const seen = new Set<string>();
    return batch.map(({ request }) => {
      const { client } = request;
      if (client === undefined || seen.has(client.name)) return request;
      seen.add(client.name);
      const last = this.#advances.get(client.name);
      if (last === undefined || now > last.until + ADVANCE_MS) return request;
      const want = Math.min(2 * (last.given - last.left) + 1, MOST_IN_ADVANCE);
      return { ...request, client: { ...client, want } };
    });
  }

  /** Keeps what was said of the first request of each client in the batch. */
  #keep(batch: readonly Waiting[], replies: readonly LimitReply[]): void {
    const now = performance.now();
    const seen = new Set<string>();
    for (const [i, { request }] of batch.entries()) {
      if (request.client === undefined || seen.has(request.client.name)) continue;
      const { name, policy } = request.client;
      seen.add(name);
      const verdict = { ...verdictOf(replies[i]), blockedNow: false }; // that is true of one request only
      const isBlocked = verdict.of === 'client' && verdict.refused === 'blocked';
      const given = isBlocked ? Number.MAX_SAFE_INTEGER : (replies[i]?.[6] ?? 0);
      const until = now + (isBlocked ? Math.min(verdict.waitMs, BLOCK_KEPT_MS) : ADVANCE_MS);
      this.#advances.set(name, { policy, verdict, until, given, left: given });
    }
  }
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
