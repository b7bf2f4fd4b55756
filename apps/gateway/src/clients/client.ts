/** Who asks: the name behind an API key, and what it may do. */

/** `random` takes entropy; `status` reads how the gateway is; `metrics` reads /metrics. */
export const SCOPES = ['random', 'status', 'metrics'] as const;
export type Scope = (typeof SCOPES)[number];

export interface Client {
  /** Unique among all keys; a metric label and a log field. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Bytes of entropy in a UTC day; undefined: no quota. */
  readonly bytesPerDay: number | undefined;
  /** Instead of QRNG_RATE_LIMIT_MAX in QRNG_RATE_LIMIT_WINDOW_SECS. */
  readonly requestsPerMinute: number | undefined;
}
