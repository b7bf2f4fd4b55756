/**
 * The replay state as version 1.0 kept it, read once: a journal with a record of each accepted packet.
 *
 *   header   0  8  "QRNGRPL1"              record   0 16  collector, then zeros
 *            8  8  floor, Unix ms                  16  8  boot
 *           16  4  crc32                           24  8  sequence
 *                                                  32 32  hmac of the packet
 *                                                  64  4  crc32
 *
 * Big-endian. Each crc32 covers every byte of the file before it. Up to the last 16 records may be torn: they were never
 * answered.
 */
import { crc32 } from 'node:zlib';
import type { ReplayContent } from './replay-file.js';
import { REMEMBERED_PACKETS } from './replay-state.js';
import type { Accepted, Position } from './replay-state.js';

const MAGIC = 'QRNGRPL1';
const HEADER_BYTES = 20;
const RECORD_BYTES = 68;
const MAX_TORN_BYTES = 16 * RECORD_BYTES;

/** Whether the bytes begin as a journal of version 1.0 does. */
export function isJournal(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, MAGIC.length) === MAGIC;
}

/**
 * What a journal says, as a clean state of today; undefined when it is damaged. Version 1.0 did not note the timestamps of
 * what it took: they are at most `skewMs` after `now` (Unix ms).
 */
export function decodeJournal(bytes: Buffer, now: number, skewMs: number): ReplayContent | undefined {
  const header = bytes.subarray(0, HEADER_BYTES);
  if (!isJournal(bytes) || header.length < HEADER_BYTES) return undefined;
  if (header.readUInt32BE(16) !== crc32(header.subarray(0, 16))) return undefined;
  const { recent, torn } = recordsOf(bytes);
  if (torn > MAX_TORN_BYTES) return undefined;
  const newest = now + skewMs;
  const positions = new Map<string, Position>();
  for (const [collector, accepted] of recent) {
    positions.set(collector, { ownKey: false, recent: accepted, newest, since: now, floor: 0 });
  }
  const written = Number(header.readBigUInt64BE(8));
  // If the disk lost a record that had been answered, its packet is below the floor.
  const floor = torn > 0 ? Math.max(written, now + 1) : written;
  return { clean: true, floor, bound: Math.max(floor, newest + 1), newest, positions };
}

/** The last records of each collector, and how many bytes at the end are not whole records. */
function recordsOf(bytes: Buffer): { recent: Map<string, Accepted[]>; torn: number } {
  const recent = new Map<string, Accepted[]>();
  let crc = crc32(bytes.subarray(0, HEADER_BYTES));
  for (let at = HEADER_BYTES; at < bytes.length; at += RECORD_BYTES) {
    const record = bytes.subarray(at, at + RECORD_BYTES);
    if (record.length < RECORD_BYTES || record.readUInt32BE(64) !== crc32(record.subarray(0, 64), crc)) {
      return { recent, torn: bytes.length - at };
    }
    crc = crc32(record, crc);
    const collector = record.toString('latin1', 0, 16).replace(/\0+$/, '');
    const accepted = {
      boot: record.readBigUInt64BE(16),
      sequence: record.readBigUInt64BE(24),
      mac: Buffer.from(record.subarray(32, 64)),
    };
    recent.set(collector, [...(recent.get(collector) ?? []).slice(1 - REMEMBERED_PACKETS), accepted]);
  }
  return { recent, torn: 0 };
}
