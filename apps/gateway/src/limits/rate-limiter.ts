/**
 * Counts requests of a key (a client, or an address) in two sliding windows, and blocks who does not stop:
 *
 *   blocked? -> over the window or the burst? -> counted, admitted
 *                         | refused; so many refusals in an hour -> blocked for a while
 *
 * Only what is admitted counts, so a client that waits as long as it was told is admitted then.
 */
import type { ThrottlerStorage } from '@nestjs/throttler';
import { SlidingWindow } from './sliding-window.js';

const HOUR_MS = 3_600_000;

/** What a key may do: `max` requests in any `windowSecs`, `burst` in any second; see the QRNG_RATE_LIMIT_ variables. */
export interface RatePolicy {
  readonly max: number;
  readonly windowSecs: number;
  readonly burst: number;
  readonly blockAfter: number;
  readonly blockSecs: number;
}

/** Where a key stands after a request. */
export interface RateVerdict {
  readonly refused?: 'window' | 'burst' | 'blocked';
  /** Whether this refusal was the one that blocked the key. */
  readonly blockedNow?: boolean;
  /** Requests left in the window and in the second, after this one. */
  readonly left: number;
  readonly burstLeft: number;
  /** Milliseconds until more is left in the window; of a refusal, until a request would be admitted. */
  readonly waitMs: number;
}

interface Usage {
  readonly window: SlidingWindow;
  readonly second: SlidingWindow;
  readonly refusals: SlidingWindow;
  blockedUntil: number;
}

export class RateLimiter implements ThrottlerStorage {
  readonly #usages = new Map<string, Usage>();
  readonly #now: () => number;
  readonly #maxKeys: number;

  /**
   * @param now milliseconds of a clock that never goes back.
   * @param maxKeys how many keys are remembered; beyond it the one that was least recently seen is forgotten.
   */
  constructor(now: () => number, maxKeys: number) {
    this.#now = now;
    this.#maxKeys = maxKeys;
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#usages.size;
  }

  /** Counts a request of `key`, if the policy admits it. */
  hit(key: string, policy: RatePolicy): RateVerdict {
    const usage = this.#usageOf(key, policy);
    const now = this.#now();
    const refused = this.#refusal(usage, policy, now);
    if (refused !== undefined) return refused;
    usage.window.add(1, now);
    usage.second.add(1, now);
    return {
      left: policy.max - usage.window.sum(now),
      burstLeft: policy.burst - usage.second.sum(now),
      waitMs: usage.window.msUntilLess(now),
    };
  }

  /** The refusal of a request of `key`, if the policy would not admit one now; it counts towards a block. */
  check(key: string, policy: RatePolicy): RateVerdict | undefined {
    const usage = this.#usages.get(key);
    return usage === undefined ? undefined : this.#refusal(usage, policy, this.#now());
  }

  /** Counts a request of `key` whatever the policy says; the key is now the one most recently seen. */
  count(key: string, policy: RatePolicy): void {
    const now = this.#now();
    const usage = this.#usageOf(key, policy);
    usage.window.add(1, now);
    usage.second.add(1, now);
    this.#usages.delete(key);
    this.#usages.set(key, usage);
  }

  /** Nest's own interface to a throttler's storage, for guards other than ours; `ttl` and `blockDuration` in ms. */
  increment(
    key: string,
    ttl: number,
    limit: number,
    blockDuration: number,
  ): ReturnType<ThrottlerStorage['increment']> {
    const verdict = this.hit(key, {
      max: limit,
      windowSecs: ttl / 1000,
      burst: limit,
      blockAfter: 1,
      blockSecs: blockDuration / 1000,
    });
    const seconds = Math.ceil(verdict.waitMs / 1000);
    const isBlocked = verdict.refused !== undefined;
    return Promise.resolve({
      totalHits: limit - verdict.left,
      timeToExpire: seconds,
      isBlocked,
      timeToBlockExpire: isBlocked ? seconds : 0,
    });
  }

  #refusal(usage: Usage, policy: RatePolicy, now: number): RateVerdict | undefined {
    if (now < usage.blockedUntil) return refusal('blocked', usage.blockedUntil - now);
    if (usage.window.sum(now) < policy.max && usage.second.sum(now) < policy.burst) return undefined;
    usage.refusals.add(1, now);
    if (usage.refusals.sum(now) >= policy.blockAfter) {
      usage.refusals.clear();
      usage.blockedUntil = now + policy.blockSecs * 1000;
      return { ...refusal('blocked', policy.blockSecs * 1000), blockedNow: true };
    }
    const window = usage.window.msUntil(policy.max - 1, now);
    const second = usage.second.msUntil(policy.burst - 1, now);
    return refusal(window > 0 ? 'window' : 'burst', Math.max(window, second));
  }

  #usageOf(key: string, policy: RatePolicy): Usage {
    const known = this.#usages.get(key);
    if (known?.window.windowMs === policy.windowSecs * 1000) return known;
    if (this.#usages.size >= this.#maxKeys) this.#forgetOne();
    const usage = {
      window: new SlidingWindow(policy.windowSecs * 1000),
      second: new SlidingWindow(1000),
      refusals: new SlidingWindow(HOUR_MS),
      blockedUntil: 0,
    };
    this.#usages.set(key, usage);
    return usage;
  }

  /** A Map keeps the order of insertion. */
  #forgetOne(): void {
    const [oldest] = this.#usages.keys();
    if (oldest !== undefined) this.#usages.delete(oldest);
  }
}

/** Whole seconds after which a retry is admitted, if nothing else is asked until then. */
export function retryAfterSecs({ waitMs }: RateVerdict): number {
  return Math.max(1, Math.ceil(waitMs / 1000));
}

function refusal(refused: 'window' | 'burst' | 'blocked', waitMs: number): RateVerdict {
  return { refused, left: 0, burstLeft: 0, waitMs };
}
