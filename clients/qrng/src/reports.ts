/** What the gateway says of itself and of a key. */

/** `GET /api/status`. */
export interface StatusReport {
  /** What is wrong, in words. */
  readonly warnings: readonly string[];
  readonly startedAt: string;
  readonly pool: {
    readonly bytes: number;
    readonly capacity: number;
    readonly oldestAgeSeconds: number;
    readonly ready: boolean;
    readonly secondsUntilEmpty: number | null;
  };
  readonly feed: { readonly fed: boolean; readonly secondsSinceLastEntropy: number | null };
  readonly throughput: { readonly inBytesPerSecond: number; readonly outBytesPerSecond: number };
  readonly collectors: readonly {
    readonly name: string;
    readonly secondsSinceLastPacket: number;
    readonly sources: readonly { readonly name: string; readonly up: boolean; readonly state: string }[];
  }[];
}

/** `GET /api/usage`. */
export interface UsageReport {
  readonly client: string;
  readonly scopes: readonly string[];
  readonly requests: number;
  readonly bytes: number;
  readonly bytesPerDay: number | null;
  readonly bytesLeft: number | null;
  readonly resetsAt: string;
}
