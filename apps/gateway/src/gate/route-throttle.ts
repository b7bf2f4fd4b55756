/** What `@Throttle()` and `@SkipThrottle()` of @nestjs/throttler say of a route. */
import {
  THROTTLER_BLOCK_DURATION,
  THROTTLER_KEY_GENERATOR,
  THROTTLER_LIMIT,
  THROTTLER_SKIP,
  THROTTLER_TRACKER,
  THROTTLER_TTL,
} from '@nestjs/throttler/dist/throttler.constants.js';
import { BURST, WINDOW } from '../limits/rate-policies.js';
import type { RouteLimits, ThrottlerName } from '../limits/rate-policies.js';

/** `skip`: the route has no limits. Nothing: those of the client. */
export type RouteThrottle = 'skip' | RouteLimits;

/**
 * Reads the decorators of a route.
 *
 * @param read gives what a decorator has put under a key.
 * @throws {Error} where a decorator asks for what the gate cannot do: its limits are numbers, and it counts by client.
 */
export function routeThrottle(route: string, read: (key: string) => unknown): RouteThrottle | undefined {
  const number = (key: string): number | undefined => {
    const value = read(key);
    if (value === undefined || typeof value === 'number') return value;
    throw new Error(`${route}: the gate takes numbers from @Throttle(), no functions`);
  };
  const skips = (name: string): boolean => read(THROTTLER_SKIP + name) === true;
  if (skips('default') || (skips(WINDOW) && skips(BURST))) return 'skip';
  const limits = (name: ThrottlerName): RouteLimits['window'] => {
    if (read(THROTTLER_TRACKER + name) !== undefined || read(THROTTLER_KEY_GENERATOR + name) !== undefined) {
      throw new Error(
        `${route}: the gate counts by client and route, whatever @Throttle() names as a tracker`,
      );
    }
    return {
      limit: skips(name) ? Infinity : number(THROTTLER_LIMIT + name),
      ttl: number(THROTTLER_TTL + name),
      blockDuration: number(THROTTLER_BLOCK_DURATION + name),
    };
  };
  const [window, burst] = [limits(WINDOW), limits(BURST)];
  const isPlain = [window, burst].every((of) => Object.values(of).every((value) => value === undefined));
  return isPlain ? undefined : { route, window, burst };
}
