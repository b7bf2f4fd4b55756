/** Freshness of a packet, bounded on both sides (seed: timestamp-based freshness). */

/** How old a packet may be and how far a collector's clock may run ahead, both in milliseconds. */
export interface FreshnessWindow {
  readonly ttlMs: number;
  readonly skewMs: number;
}

/** `stale` when the packet is older than the TTL, `future` when it is stamped later than the skew allows. */
export function freshness(
  timestamp: bigint,
  nowMs: number,
  window: FreshnessWindow,
): 'fresh' | 'stale' | 'future' {
  const ageMs = BigInt(nowMs) - timestamp;
  if (ageMs > BigInt(window.ttlMs)) return 'stale';
  return -ageMs > BigInt(window.skewMs) ? 'future' : 'fresh';
}
