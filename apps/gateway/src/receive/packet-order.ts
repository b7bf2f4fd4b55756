/** The order in which packets were sealed, for those that a carrier delivered in another one. */
import type { Packet } from '#libs/crypto';

type Numbered = Pick<Packet, 'collector' | 'boot' | 'sequence'>;

/** Compares by collector, run and number, for `sort`. */
export function bySealing(a: Numbered, b: Numbered): number {
  if (a.collector !== b.collector) return a.collector < b.collector ? -1 : 1;
  if (a.boot !== b.boot) return a.boot < b.boot ? -1 : 1;
  return a.sequence < b.sequence ? -1 : Number(a.sequence > b.sequence);
}
