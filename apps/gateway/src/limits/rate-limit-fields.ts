/**
 * `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11): lists of RFC 9651, one item a limit.
 *
 *   RateLimit-Policy: "window";q=100;w=60, "burst";q=20;w=1, "day";q=1048576;qu="content-bytes";w=86400
 *   RateLimit:        "window";r=97;t=58, "burst";r=19;t=1, "day";r=1048544;t=40120
 */
import { retryAfterSecs } from './rate-limiter.js';
import type { RatePolicy, RateVerdict } from './rate-limiter.js';

/** The largest integer of a structured field (RFC 9651, section 3.3.1); limits may be higher. */
const LARGEST = 999_999_999_999_999;

/** A client's quota of bytes, and what is left of it. */
export interface QuotaStanding {
  readonly bytesPerDay: number;
  readonly left: number;
  /** Until the quota is renewed. */
  readonly secs: number;
}

/** The state of a client's limits after a request; enough to write both fields. */
export interface Standing {
  readonly policy: RatePolicy;
  readonly verdict: RateVerdict;
}

/** The limits of a client: `q` of them in `w` seconds. */
export function policyField(policy: RatePolicy, bytesPerDay: number | undefined): string {
  const { max, windowMs, burst, burstMs } = policy;
  const rates = `"window";q=${integer(max)};w=${windowMs / 1000}, "burst";q=${integer(burst)};w=${burstMs / 1000}`;
  if (bytesPerDay === undefined) return rates;
  return `${rates}, "day";q=${integer(bytesPerDay)};qu="content-bytes";w=86400`;
}

/** What is left: `r` until `t` seconds have passed. In a refusal by a rate, the limit that was met, until Retry-After. */
export function limitField({ policy, verdict }: Standing, quota: QuotaStanding | undefined): string {
  const { refused, left, burstLeft, waitMs } = verdict;
  if (refused !== undefined) {
    return `"${refused === 'burst' ? 'burst' : 'window'}";r=0;t=${integer(retryAfterSecs(verdict))}`;
  }
  const secs = Math.ceil(Math.min(policy.windowMs, waitMs) / 1000);
  const rates =
    `"window";r=${integer(left)};t=${secs}, ` +
    `"burst";r=${integer(burstLeft)};t=${Math.ceil(policy.burstMs / 1000)}`;
  return quota === undefined ? rates : `${rates}, ${quotaField(quota)}`;
}

/** What is left of a quota; alone in a refusal by it. */
export function quotaField({ left, secs }: QuotaStanding): string {
  return `"day";r=${integer(left)};t=${secs}`;
}

function integer(value: number): number {
  return Math.min(Math.max(0, value), LARGEST);
}
