/** The limits of clients: those of Throttler's module, unless a key or a route has its own. */
import { Injectable } from '@nestjs/common';
import { InjectThrottlerOptions } from '@nestjs/throttler';
import type { ThrottlerModuleOptions, ThrottlerOptions } from '@nestjs/throttler';
import { GatewaySettings } from '../settings.js';
import { SettingsSource } from '../settings-source.js';
import type { RatePolicy } from './rate-limiter.js';

/** The throttlers of the module, as decorators name them. */
export const WINDOW = 'window';
export const BURST = 'burst';
export type ThrottlerName = typeof WINDOW | typeof BURST;

/** A throttler as @Throttle() sets it: times in ms; what is undefined stays as it is. */
interface Throttle {
  readonly limit: number | undefined;
  readonly ttl: number | undefined;
  readonly blockDuration: number | undefined;
}

/** The limits that each client has on a route of its own. */
export interface RouteLimits {
  readonly route: string;
  readonly window: Throttle;
  readonly burst: Throttle;
}

/** What a key with a rate of its own may send, in seconds. */
const MINUTE = 60;

@Injectable()
export class RatePolicies {
  readonly #window: ThrottlerOptions;
  readonly #burst: ThrottlerOptions;
  #common: RatePolicy;

  constructor(
    @InjectThrottlerOptions() options: ThrottlerModuleOptions,
    private readonly settings: GatewaySettings,
    { live }: SettingsSource,
  ) {
    this.#window = throttler(options, WINDOW);
    this.#burst = throttler(options, BURST);
    this.#common = this.#read();
    live?.onChange(() => (this.#common = this.#read()));
  }

  /** The policy of all that have none of their own: most clients, and networks that fail to authenticate. The same object until settings change. */
  get common(): RatePolicy {
    return this.#common;
  }

  #read(): RatePolicy {
    return {
      max: number(this.#window.limit),
      windowMs: number(this.#window.ttl),
      burst: number(this.#burst.limit),
      burstMs: number(this.#burst.ttl),
      blockMs: number(this.#window.blockDuration),
      blockAfter: this.settings.QRNG_RATE_LIMIT_BLOCK_AFTER,
    };
  }

  /** @param requestsPerMinute of a key; undefined: it has no rate of its own. */
  ofKey(requestsPerMinute: number | undefined): RatePolicy {
    if (requestsPerMinute === undefined) return this.common;
    return { ...this.common, max: requestsPerMinute, windowMs: MINUTE * 1000 };
  }

  /** What @Throttle() sets on a route, in the place of `policy`. */
  ofRoute({ window, burst }: RouteLimits, policy: RatePolicy): RatePolicy {
    return {
      max: window.limit ?? policy.max,
      windowMs: window.ttl ?? policy.windowMs,
      burst: burst.limit ?? policy.burst,
      burstMs: burst.ttl ?? policy.burstMs,
      blockMs: window.blockDuration ?? policy.blockMs,
      blockAfter: policy.blockAfter,
    };
  }
}

function throttler(options: ThrottlerModuleOptions, name: ThrottlerName): ThrottlerOptions {
  const throttlers = Array.isArray(options) ? options : options.throttlers;
  const found = throttlers.find((throttler) => throttler.name === name);
  if (found === undefined) throw new Error(`ThrottlerModule has no throttler named ${name}`);
  return found;
}

function number(value: ThrottlerOptions['limit'] | undefined): number {
  if (typeof value !== 'number') throw new Error('the throttlers of ThrottlerModule must be set in numbers');
  return value;
}
