/**
 * Counts requests of a key (a client, or a network) in two sliding windows, and blocks a key that does not stop:
 *
 *   blocked? -> over the window or the burst? -> counted, admitted
 *                         | refused; after too many refusals in an hour -> blocked for a while
 *
 * Only what is admitted counts, so a client that waits as long as Retry-After says is admitted then. Where gateways serve
 * the same clients, `takeUnsent` gives what was counted here and `hear` adds what others counted.
 */
import type { RateCounts } from './exchange.js';
import { SlidingWindow } from './sliding-window.js';

const HOUR_MS = 3_600_000;

/** What a key may do: `max` requests in any `windowMs`, `burst` in any `burstMs`; see the QRNG_RATE_LIMIT_ variables. */
export interface RatePolicy {
  readonly max: number;
  readonly windowMs: number;
  readonly burst: number;
  readonly burstMs: number;
  readonly blockAfter: number;
  readonly blockMs: number;
}

/** The state of a key after a request. */
export interface RateVerdict {
  readonly refused?: 'window' | 'burst' | 'blocked';
  /** Whether this refusal was the one that blocked the key. */
  readonly blockedNow?: boolean;
  /** Requests left in the window and in the burst, after this one. */
  readonly left: number;
  readonly burstLeft: number;
  /** Milliseconds until more is left in the window; of a refusal, until a request would be admitted. */
  readonly waitMs: number;
}

interface Usage {
  readonly window: SlidingWindow;
  readonly burst: SlidingWindow;
  readonly refusals: SlidingWindow;
  blockedUntil: number;
  /** Counted since the last exchange with other gateways. */
  unsent: { admitted: number; refused: number; blocked: boolean };
}

export interface RateLimiterOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** How many keys are remembered; beyond it the one that was least recently seen is forgotten. */
  readonly maxKeys: number;
  /** Whether others count too, so that they need to hear what is counted here. */
  readonly isShared: boolean;
}

export class RateLimiter {
  readonly #usages = new Map<string, Usage>();
  readonly #unsent = new Map<string, Usage>();

  constructor(private readonly options: RateLimiterOptions) {}

  hit(key: string, policy: RatePolicy): RateVerdict {
    const usage = this.#usageOf(key, policy);
    if (this.options.isShared) this.#unsent.set(key, usage);
    const now = this.options.now();
    const refused = refusalOf(usage, policy, now);
    if (refused !== undefined) return refused;
    usage.window.add(1, now);
    usage.burst.add(1, now);
    usage.unsent.admitted++;
    return {
      left: Math.max(0, policy.max - usage.window.sum(now)),
      burstLeft: Math.max(0, policy.burst - usage.burst.sum(now)),
      waitMs: usage.window.msUntilLess(now),
    };
  }

  /** The keys that are blocked now, and for how many seconds more. */
  blocked(): { readonly key: string; readonly secs: number }[] {
    const now = this.options.now();
    return [...this.#usages].flatMap(([key, { blockedUntil }]) =>
      blockedUntil > now ? [{ key, secs: Math.ceil((blockedUntil - now) / 1000) }] : [],
    );
  }

  /** Ends the block of a key, whose windows go on; false when it has none. */
  unblock(key: string): boolean {
    const usage = this.#usages.get(key);
    if (usage === undefined || usage.blockedUntil <= this.options.now()) return false;
    usage.blockedUntil = 0;
    usage.refusals.clear();
    usage.unsent.blocked = false;
    return true;
  }

  /** What was counted since this was last called. Of what could not be sent for long only what still counts. */
  takeUnsent(): RateCounts[] {
    const now = this.options.now();
    const counts = [...this.#unsent].map(([key, { window, burst, refusals, blockedUntil, unsent }]) => ({
      key,
      windowMs: window.windowMs,
      burstMs: burst.windowMs,
      admitted: Math.min(unsent.admitted, window.sum(now)),
      refused: Math.min(unsent.refused, refusals.sum(now)),
      blockedMs: unsent.blocked ? Math.max(0, blockedUntil - now) : 0,
    }));
    for (const usage of this.#unsent.values()) usage.unsent = { admitted: 0, refused: 0, blocked: false };
    this.#unsent.clear();
    return counts.filter(({ admitted, refused, blockedMs }) => admitted + refused + blockedMs > 0);
  }

  /** Adds what another gateway counted `ageMs` ago. */
  hear({ key, windowMs, burstMs, admitted, refused, blockedMs }: RateCounts, ageMs: number): void {
    const now = this.options.now();
    const at = now - ageMs;
    const usage = this.#usages.get(key) ?? this.#begin(key, windowMs, burstMs);
    usage.window.add(admitted, now, at);
    usage.burst.add(admitted, now, at);
    usage.refusals.add(refused, now, at);
    if (blockedMs === 0) return;
    usage.refusals.clear();
    usage.blockedUntil = Math.max(usage.blockedUntil, at + blockedMs);
  }

  /** All that counts now, in entries as `hear` takes them with their age: for another one that begins. */
  remembered(): (RateCounts & { readonly ageMs: number })[] {
    const now = this.options.now();
    return [...this.#usages].flatMap(([key, { window, burst, refusals, blockedUntil }]) => {
      const none = {
        key,
        windowMs: window.windowMs,
        burstMs: burst.windowMs,
        admitted: 0,
        refused: 0,
        blockedMs: 0,
      };
      const blockedMs = Math.max(0, blockedUntil - now);
      return [
        ...(blockedMs > 0 ? [{ ...none, blockedMs, ageMs: 0 }] : []),
        ...window.amounts(now).map(([amount, ageMs]) => ({ ...none, admitted: amount, ageMs })),
        ...refusals.amounts(now).map(([amount, ageMs]) => ({ ...none, refused: amount, ageMs })),
      ];
    });
  }

  #usageOf(key: string, { windowMs, burstMs }: RatePolicy): Usage {
    const known = this.#usages.get(key);
    if (known?.window.windowMs !== windowMs || known.burst.windowMs !== burstMs) {
      const usage = this.#begin(key, windowMs, burstMs);
      if (known !== undefined) carryOver(known, usage, this.options.now());
      return usage;
    }
    if (this.options.maxKeys !== Infinity) {
      this.#usages.delete(key); // a Map keeps the order of insertion: this key is now the one most recently seen
      this.#usages.set(key, known);
    }
    return known;
  }

  #begin(key: string, windowMs: number, burstMs: number): Usage {
    const [oldest] = this.#usages.keys();
    if (this.#usages.size >= this.options.maxKeys && oldest !== undefined) this.#usages.delete(oldest);
    const usage = {
      window: new SlidingWindow(windowMs),
      burst: new SlidingWindow(burstMs),
      refusals: new SlidingWindow(HOUR_MS),
      blockedUntil: 0,
      unsent: { admitted: 0, refused: 0, blocked: false },
    };
    this.#usages.set(key, usage);
    return usage;
  }
}

/** What counted in windows of another length goes on to count, and a block to block. */
function carryOver(from: Usage, to: Usage, now: number): void {
  for (const name of ['window', 'burst', 'refusals'] as const) {
    for (const [amount, ageMs] of from[name].amounts(now)) to[name].add(amount, now, now - ageMs);
  }
  to.blockedUntil = from.blockedUntil;
  to.unsent = from.unsent;
}

/** The refusal of a request, if the policy does not admit one now; it counts towards a block. */
function refusalOf(usage: Usage, policy: RatePolicy, now: number): RateVerdict | undefined {
  if (now < usage.blockedUntil) return refusal('blocked', usage.blockedUntil - now);
  if (usage.window.sum(now) < policy.max && usage.burst.sum(now) < policy.burst) return undefined;
  usage.refusals.add(1, now);
  if (usage.refusals.sum(now) >= policy.blockAfter) {
    usage.refusals.clear();
    usage.blockedUntil = now + policy.blockMs;
    usage.unsent = { admitted: usage.unsent.admitted, refused: 0, blocked: true };
    return { ...refusal('blocked', policy.blockMs), blockedNow: true };
  }
  usage.unsent.refused++;
  const window = usage.window.msUntil(policy.max - 1, now);
  const burst = usage.burst.msUntil(policy.burst - 1, now);
  return refusal(window > 0 ? 'window' : 'burst', Math.max(window, burst));
}

/** Whole seconds after which a retry is admitted, if nothing else is asked until then. */
export function retryAfterSecs({ waitMs }: RateVerdict): number {
  return Math.max(1, Math.ceil(waitMs / 1000));
}

function refusal(refused: 'window' | 'burst' | 'blocked', waitMs: number): RateVerdict {
  return { refused, left: 0, burstLeft: 0, waitMs };
}
