/** The limits of a key, from the QRNG_RATE_LIMIT_ variables and what the key file says of it. */
import type { GatewaySettings } from '../settings.js';
import type { RatePolicy } from './rate-limiter.js';

/** @param requestsPerMinute instead of QRNG_RATE_LIMIT_MAX in QRNG_RATE_LIMIT_WINDOW_SECS, where the key has its own. */
export function ratePolicy(
  settings: Readonly<GatewaySettings>,
  requestsPerMinute: number | undefined,
): RatePolicy {
  return {
    max: requestsPerMinute ?? settings.QRNG_RATE_LIMIT_MAX,
    windowSecs: requestsPerMinute === undefined ? settings.QRNG_RATE_LIMIT_WINDOW_SECS : 60,
    burst: settings.QRNG_RATE_LIMIT_BURST,
    blockAfter: settings.QRNG_RATE_LIMIT_BLOCK_AFTER,
    blockSecs: settings.QRNG_RATE_LIMIT_BLOCK_SECS,
  };
}
