/** Reads `Retry-After` (RFC 9110, 10.2.3): whole seconds or an HTTP date. */

/** A faulty or hostile server must not silence anyone who asks it for days. */
const LONGEST_MS = 600_000;

/** Milliseconds to wait, from 0 to `longestMs` (ten minutes); undefined when the header is missing or is neither form. */
export function parseRetryAfter(
  value: string | string[] | undefined,
  nowMs: number,
  longestMs = LONGEST_MS,
): number | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^\d{1,10}$/.test(value)) return Math.min(Number(value) * 1000, longestMs);
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(value)) return undefined;
  const waitMs = Date.parse(value) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), longestMs);
}
