/**
 * The limits of all gateways together, counted in Redis. Requests that come while an answer is awaited are asked about
 * together in the next call, so that under load a call serves many of them.
 */
import type { RedisConnection } from '../../redis/redis-connection.js';
import { RedisError } from '../../redis/redis-error.js';
import type { RatePolicy, RateVerdict } from '../rate-limiter.js';
import { REFUSALS } from './limit-script.js';
import type { LimitedRequest, LimitReply } from './limit-script.js';

/** Requests of one call: what Redis decides on in about two milliseconds. */
const MOST_REQUESTS = 200;

/** A verdict, and whose limit it is about. */
export interface SharedVerdict extends RateVerdict {
  readonly of: 'network' | 'client';
}

interface Waiting {
  readonly request: LimitedRequest;
  readonly resolve: (verdict: SharedVerdict | undefined) => void;
  readonly reject: (error: unknown) => void;
}

export class SharedLimits {
  #waiting: Waiting[] = [];
  #isAsking = false;

  constructor(
    private readonly redis: RedisConnection,
    private readonly networkPolicy: RatePolicy,
    private readonly maxNetworks: number,
  ) {}

  /** Whether Redis can be asked; without it each gateway counts by itself. */
  get areUp(): boolean {
    return this.redis.fault === undefined;
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
    try {
      const replies = await this.redis.run((client) =>
        client.limit({ networkPolicy, maxNetworks, requests }),
      );
      batch.forEach(({ resolve }, i) => resolve(verdictOf(replies[i])));
    } catch (error) {
      for (const { resolve, reject } of batch) {
        if (error instanceof RedisError) resolve(undefined);
        else reject(error);
      }
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
