/** Freshness of a packet, bounded on both sides (seed: timestamp-based freshness). */
import type { PacketFields } from '#libs/crypto';

/** How old a packet may be and how far a collector's clock may run ahead, both in milliseconds. */
export interface FreshnessWindow {
  readonly ttlMs: number;
  readonly skewMs: number;
}

/** Why the time of a packet keeps it out forever. */
export interface TimeRefusal {
  readonly result: 'stale' | 'future';
  readonly detail: string;
}

/**
 * Why the packet is not fresh at `now` (Unix ms); undefined when it is. The time stamps of a fresh packet are exact as
 * JavaScript numbers.
 */
export function timeRefusal(
  { timestamp, boot }: Pick<PacketFields, 'timestamp' | 'boot'>,
  now: number,
  { ttlMs, skewMs }: FreshnessWindow,
): TimeRefusal | undefined {
  const stamped = Number(timestamp);
  if (now - stamped > ttlMs) return { result: 'stale', detail: `stamped ${now - stamped} ms ago` };
  if (stamped - now > skewMs) return { result: 'future', detail: `stamped ${stamped - now} ms ahead` };
  return bootRefusal({ timestamp, boot }, skewMs);
}

/** Why the boot of a packet keeps it out: nothing but a higher one could follow, for which a clock would have to be as wrong. */
export function bootRefusal(
  { timestamp, boot }: Pick<PacketFields, 'timestamp' | 'boot'>,
  skewMs: number,
): TimeRefusal | undefined {
  if (Number(boot) - Number(timestamp) <= skewMs) return undefined;
  return { result: 'future', detail: `its boot, ${boot}, is later than its timestamp` };
}

/** When the bytes of a fresh packet were first exposed to the network: the timestamp of their first sealing, Unix ms. */
export function exposedAt({ timestamp, age }: Pick<PacketFields, 'timestamp' | 'age'>): number {
  return Number(timestamp) - age;
}
