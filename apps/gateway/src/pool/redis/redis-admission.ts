/** A packet as the admission script takes it, and what the script's answer says of it. */
import type { Packet } from '#libs/crypto';
import type { BufferOptions } from '../expiring-buffer.js';
import { exposedAt } from '../freshness.js';
import { STANDINGS } from '../pool.js';
import type { Admission } from '../pool.js';
import type { AdmitArguments } from './admit-script.js';
import type { CommonArguments } from './script-prelude.js';

/** The largest block: a lease cuts what it takes, and cutting a large one costs Redis a copy of it. */
const BLOCK_BYTES = 64 * 1024;
/** Of the largest u64. */
const DIGITS = 20;

/** The arguments of the admission script. */
export function admitArguments(
  packet: Packet,
  options: BufferOptions,
  common: CommonArguments,
): AdmitArguments {
  return {
    ...common,
    capacity: options.capacity,
    overflow: options.overflow,
    collector: packet.collector,
    position: digits(packet.boot) + digits(packet.sequence),
    mac: packet.mac.toString('hex'),
    timestamp: digits(packet.timestamp),
    exposed: digits(BigInt(Math.max(0, exposedAt(packet)))),
    blocks: packet.type === 'entropy' ? blocksOf(packet.data) : [],
  };
}

/** @param before the collector's position before this packet, as 40 digits; empty when there was none. */
export function admissionOf(packet: Packet, result: string, before: string): Admission {
  switch (result) {
    case 'accepted': {
      const sameRun = before.slice(0, DIGITS) === digits(packet.boot);
      const last = sameRun ? BigInt(before.slice(DIGITS)) : 0n;
      return { result, missing: packet.sequence - last - 1n };
    }
    case 'replay':
    case 'conflict':
    case 'below-floor':
    case 'too-many-collectors':
      return STANDINGS[result];
    case 'full':
      return { result, detail: 'the pool is full' };
    default:
      throw new Error(`the admission script answered ${result}`);
  }
}

function digits(value: bigint): string {
  return value.toString().padStart(DIGITS, '0');
}

function blocksOf(data: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 0; at < data.length; at += BLOCK_BYTES) blocks.push(data.subarray(at, at + BLOCK_BYTES));
  return blocks;
}
