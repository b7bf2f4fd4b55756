/** Makes a request again, for as long as it fails for reasons that pass. */
import { setTimeout } from 'node:timers/promises';
import { QrngError } from './qrng-error.js';
import { waitMs } from './wait-ms.js';

/** Called before each wait: why, and for how long. */
export type OnWait = (error: QrngError, ms: number) => void;

/**
 * What `request` resolves with at last. It waits as the gateway's Retry-After says, with jitter, else with a back-off.
 *
 * @throws {QrngError} that no wait helps, and the reason of `signal`.
 */
export async function waitingFor<T>(
  request: () => Promise<T>,
  onWait: OnWait,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof QrngError) || !error.isTransient) throw error;
      const ms = waitMs(error.retryAfterMs, attempt);
      onWait(error, ms);
      await setTimeout(ms, undefined, { signal });
    }
  }
}
