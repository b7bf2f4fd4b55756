/** Bounds the time of a fetch. */
import { SourceError } from './source.js';

/** The slowest module known gives 500 000 bytes a second; what takes four times as long is not going to end. */
const SLOWEST_BYTES_PER_MS = 125;

/** How long a fetch of `bytes` bytes may take in all, in milliseconds, where `timeoutMs` is for an answer of no length. */
export function fetchLimitMs(timeoutMs: number, bytes: number): number {
  return Math.ceil(timeoutMs + bytes / SLOWEST_BYTES_PER_MS);
}

/**
 * Runs `work` with a signal that aborts after `ms`, or when the caller's signal does, and rejects then with its reason,
 * a SourceError (`timeout` or `aborted`), whether or not `work` has ended. Written out because AbortSignal.any() would
 * hold on to a signal that lives for a year.
 */
export async function withDeadline<T>(
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal?.aborted === true) throw givenUp();
  const controller = new AbortController();
  const cancel = (): void => controller.abort(givenUp());
  const expire = (): void => controller.abort(new SourceError('timeout', `not complete within ${ms} ms`));
  const ended = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason as SourceError));
  });
  const timer = setTimeout(expire, ms);
  signal?.addEventListener('abort', cancel);
  try {
    return await Promise.race([ended, work(controller.signal)]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
  }
}

function givenUp(): SourceError {
  return new SourceError('aborted', 'the fetch was given up');
}
