/** `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11), lists of RFC 9651 with one item a limit. */
import { retryAfterSecs } from './rate-limiter.js';
import type { RatePolicy, RateVerdict } from './rate-limiter.js';

/** What a client may do: `q` requests in `w` seconds. */
export function policyField({ max, windowSecs, burst }: RatePolicy): string {
  return `"window";q=${max};w=${windowSecs}, "burst";q=${burst};w=1`;
}

/** What is left: at most `r` requests within `t` seconds. Of a refusal the limit that was met, until Retry-After. */
export function limitField(verdict: RateVerdict, { windowSecs }: RatePolicy): string {
  const { refused, left, burstLeft, waitMs } = verdict;
  if (refused !== undefined) {
    return `"${refused === 'burst' ? 'burst' : 'window'}";r=0;t=${retryAfterSecs(verdict)}`;
  }
  const secs = Math.min(windowSecs, Math.ceil(waitMs / 1000));
  return `"window";r=${left};t=${secs}, "burst";r=${burstLeft};t=1`;
}
