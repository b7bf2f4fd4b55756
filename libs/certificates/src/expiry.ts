/** Which certificates and revocation lists expire soon, and when to look again. */

/** Days before the end at which operators are warned, by the log, the doctor and an alert. */
export const WARN_DAYS = 14;
const DAY_MS = 86_400_000;

/** Something with an end. */
export interface Dated {
  /** A code, as metrics and heartbeats name it. */
  readonly what: string;
  /** The setting that names its file. */
  readonly variable: string;
  /** Unix ms; Infinity for a list without an end. */
  readonly expiresAt: number;
}

/** How things stand at a moment. */
export interface Outlook {
  readonly expired: readonly Dated[];
  /** What ends within WARN_DAYS. */
  readonly expiring: readonly Dated[];
  /** Milliseconds until the next look: a day, or sooner when something ends sooner. */
  readonly nextLookMs: number;
}

export function outlook(dates: readonly Dated[], now: number): Outlook {
  const left = dates.map(({ expiresAt }) => expiresAt - now).filter((ms) => ms > 0);
  return {
    expired: dates.filter(({ expiresAt }) => expiresAt <= now),
    expiring: dates.filter(({ expiresAt }) => expiresAt > now && expiresAt < now + WARN_DAYS * DAY_MS),
    nextLookMs: Math.min(DAY_MS, ...left),
  };
}

/** Whole days from `now` until `at` (Unix ms). */
export function daysUntil(at: number, now: number): number {
  return Math.floor((at - now) / DAY_MS);
}
