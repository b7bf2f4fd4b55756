/** What all feeds share: bytes at hand, a limit, a log, a signal to stop. */
import type { Prefetch } from './prefetch.js';

export interface FeedOptions {
  readonly prefetch: Prefetch;
  /** Bytes a second for each reader. */
  readonly limit: number;
  /** Takes one line for each change of what goes on. */
  readonly log: (line: string) => void;
  /** Ends the feed. */
  readonly signal: AbortSignal;
}
