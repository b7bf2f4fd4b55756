/** How long to wait before a request is made again. */
import { randomInt } from 'node:crypto';

/** Without Retry-After, as when nothing listens: doubled with each attempt, up to the second. */
const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 10_000;
/** Spread of clients that were all refused at the same moment. */
const SPREAD_MS = 1000;

/**
 * How long to wait: at least as long as the gateway asked, and up to a second or a tenth longer, by chance.
 *
 * Without a word of the gateway: exponential back-off with full jitter.
 *
 * @param attempt 0 for the first one.
 * @param random a whole number from 0 to below its argument.
 */
export function waitMs(retryAfterMs: number | undefined, attempt: number, random = randomBelow): number {
  if (retryAfterMs !== undefined) return retryAfterMs + random(Math.max(SPREAD_MS, retryAfterMs / 10));
  return 1 + random(Math.min(FIRST_BACKOFF_MS * 2 ** attempt, LONGEST_BACKOFF_MS));
}

function randomBelow(limit: number): number {
  return randomInt(Math.ceil(limit));
}
