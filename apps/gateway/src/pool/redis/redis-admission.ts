/** A packet as the admission script takes it, and what the script's answer says of it. */
import type { Packet } from '#libs/crypto';
import type { BufferOptions } from '../expiring-buffer.js';
import { exposedAt } from '../replay/freshness.js';
import type { PacketRef } from '../packet-ref.js';
import { STANDINGS } from '../pool.js';
import type { Admission } from '../pool.js';
import type { AdmitArguments } from './admit-script.js';
import { refText } from './packet-text.js';
import type { CommonArguments } from './script-prelude.js';

/** The largest block: a lease cuts what it takes, and cutting a large one costs Redis a copy of it. */
const BLOCK_BYTES = 64 * 1024;
/** Of the largest u64. */
const DIGITS = 20;

export function admitArguments(
  packet: Packet,
  { stores, ref }: { readonly stores: boolean; readonly ref: PacketRef | undefined },
  { capacity, overflow }: BufferOptions,
  packetTtlMs: number,
  common: CommonArguments,
): AdmitArguments {
  return {
    ...common,
    ...{ capacity, overflow, packetTtlMs, collector: packet.collector },
    packet: {
      own: packet.ownKey ? '1' : '0',
      position: digits(packet.boot) + digits(packet.sequence),
      mac: packet.mac.toString('hex'),
      stamped: Number(packet.timestamp),
      exposed: exposedAt(packet),
    },
    ref: refText(ref),
    blobs: packet.type === 'entropy' && stores ? blocksOf(packet.data) : [],
  };
}

/**
 * @param detail of the answer: the collector's position before this packet as 40 digits, its floor as 20 when it was forgotten,
 * empty when there was none; or by how many ms the packet is not fresh.
 * @param floor that of the answer, Unix ms.
 */
export function admissionOf(packet: Packet, result: string, detail: string, floor: number): Admission {
  switch (result) {
    case 'accepted': {
      const isKnown = detail.length > DIGITS;
      const since = Math.max(floor, isKnown ? 0 : Number(detail));
      // As ReplayState.missing says: what it sent before this state began, or it was forgotten, was not lost.
      if (!isKnown && packet.boot < BigInt(since)) return { result, missing: 0n };
      const sameRun = isKnown && detail.slice(0, DIGITS) === digits(packet.boot);
      const last = sameRun ? BigInt(detail.slice(DIGITS)) : 0n;
      return { result, missing: packet.sequence - last - 1n };
    }
    case 'stale':
      return { result, detail: `stamped ${detail} ms ago, by Redis' clock` };
    case 'future':
      return { result, detail: `stamped ${detail} ms ahead of Redis' clock` };
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
