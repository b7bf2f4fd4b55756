/**
 * The replay state on disk: one record for each accepted packet, on the disk before the packet is answered. What is
 * accepted at the same time is appended in one write.
 *
 *   header   0  8  "QRNGRPL1"              record   0 16  collector, then zeros
 *            8  8  floor, Unix ms                  16  8  boot
 *           16  4  crc32                           24  8  sequence
 *                                                  32 32  hmac of the packet
 *                                                  64  4  crc32
 *
 * Big-endian. Each crc32 covers every byte of the file before it, so that a record cannot be lost, moved or repeated
 * within the file unnoticed. One append is under way at a time: a write that was cut off can only have damaged the last
 * few records, which were never answered. Damage anywhere else means that the disk lied, and the state is lost.
 */
import type { FileHandle } from 'node:fs/promises';
import { constants, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { errorCode } from '#libs/files';
import { failpoint } from '../failpoint.js';

const MAGIC = 'QRNGRPL1';
const HEADER_BYTES = 20;
const COLLECTOR_BYTES = 16;
const RECORD_BYTES = 68;
/** Each write returns once it is on the disk: one call where a write and fdatasync(2) are two, and a third less time. */
const SYNCED_WRITES = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_DSYNC;
/** Records of one append at most. */
export const MAX_APPENDED = 16;

/** An accepted packet: `mac` is the 32 bytes of its HMAC. */
export interface ReplayRecord {
  readonly collector: string;
  readonly boot: bigint;
  readonly sequence: bigint;
  readonly mac: Buffer;
  /** Unix ms at which the packet was sealed; a journal does not have it. */
  readonly timestamp?: bigint;
}

/** What a journal holds. `damage`: `tail` when the last records are cut off or torn, `body` when nothing can be trusted. */
export interface JournalContent {
  readonly floor: number;
  readonly records: readonly ReplayRecord[];
  readonly damage: 'none' | 'tail' | 'body';
}

export class ReplayJournal {
  /** Records in the file. */
  records: number;
  readonly #file: FileHandle;
  #bytes: number;
  #crc: number;

  private constructor(file: FileHandle, content: Buffer, records: number) {
    this.#file = file;
    this.#bytes = content.length;
    this.#crc = crc32(content);
    this.records = records;
  }

  /** Reads a journal; undefined when there is none. Other errors of the file system are thrown. */
  static async read(path: string): Promise<JournalContent | undefined> {
    try {
      return decode(await readFile(path));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Puts a journal of these records in the place of whatever is at `path`, in one step that a crash cannot halve. */
  static async create(path: string, floor: number, records: readonly ReplayRecord[]): Promise<ReplayJournal> {
    const content = encode(floor, records);
    const file = await open(`${path}.new`, SYNCED_WRITES, 0o600);
    try {
      await file.writeFile(content);
      failpoint('journal-written');
      await rename(`${path}.new`, path);
      failpoint('journal-renamed');
      await syncDirectory(dirname(path));
    } catch (error) {
      await file.close();
      throw error;
    }
    return new ReplayJournal(file, content, records.length);
  }

  /**
   * Appends up to MAX_APPENDED records; they are on the disk when this resolves. After an error the journal must not be
   * used again.
   */
  async append(records: readonly ReplayRecord[]): Promise<void> {
    if (records.length > MAX_APPENDED) throw new RangeError(`${records.length} records in one append`);
    const { bytes, crc } = encodeRecords(records, this.#crc);
    failpoint('record-unwritten');
    const { bytesWritten } = await this.#file.write(bytes, 0, bytes.length, this.#bytes);
    if (bytesWritten !== bytes.length) throw new Error(`wrote ${bytesWritten} of ${bytes.length} bytes`);
    failpoint('record-synced');
    this.#bytes += bytes.length;
    this.#crc = crc;
    this.records += records.length;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

function encode(floor: number, records: readonly ReplayRecord[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 'latin1');
  header.writeBigUInt64BE(BigInt(floor), 8);
  header.writeUInt32BE(crc32(header.subarray(0, 16)), 16);
  return Buffer.concat([header, encodeRecords(records, crc32(header)).bytes]);
}

/** @param crc that of all bytes before these records; the one returned includes them. */
function encodeRecords(records: readonly ReplayRecord[], crc: number): { bytes: Buffer; crc: number } {
  const parts: Buffer[] = [];
  for (const record of records) {
    const bytes = encodeRecord(record, crc);
    crc = crc32(bytes, crc);
    parts.push(bytes);
  }
  return { bytes: Buffer.concat(parts), crc };
}

function encodeRecord({ collector, boot, sequence, mac }: ReplayRecord, crc: number): Buffer {
  const bytes = Buffer.alloc(RECORD_BYTES);
  bytes.write(collector, 'latin1');
  bytes.writeBigUInt64BE(boot, 16);
  bytes.writeBigUInt64BE(sequence, 24);
  mac.copy(bytes, 32);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 64), crc), 64);
  return bytes;
}

function decode(content: Buffer): JournalContent {
  const header = content.subarray(0, HEADER_BYTES);
  const whole = header.length === HEADER_BYTES && header.toString('latin1', 0, 8) === MAGIC;
  if (!whole || header.readUInt32BE(16) !== crc32(header.subarray(0, 16))) return LOST;
  const floor = Number(header.readBigUInt64BE(8));
  const records: ReplayRecord[] = [];
  let crc = crc32(header);
  for (let at = HEADER_BYTES; at < content.length; at += RECORD_BYTES) {
    const bytes = content.subarray(at, at + RECORD_BYTES);
    if (bytes.length < RECORD_BYTES || bytes.readUInt32BE(64) !== crc32(bytes.subarray(0, 64), crc)) {
      return at + MAX_APPENDED * RECORD_BYTES >= content.length ? { floor, records, damage: 'tail' } : LOST;
    }
    crc = crc32(bytes, crc);
    records.push(decodeRecord(bytes));
  }
  return { floor, records, damage: 'none' };
}

const LOST: JournalContent = { floor: 0, records: [], damage: 'body' };

function decodeRecord(bytes: Buffer): ReplayRecord {
  return {
    collector: bytes.toString('latin1', 0, COLLECTOR_BYTES).replace(/\0+$/, ''),
    boot: bytes.readBigUInt64BE(16),
    sequence: bytes.readBigUInt64BE(24),
    mac: Buffer.from(bytes.subarray(32, 64)),
  };
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
