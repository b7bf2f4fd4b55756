/**
 * The records of one tile of the receipt log, up to 256, each on the disk before its index is given to anybody.
 *
 *   allocate(bytes) -> zeros behind the last record, synced: a disk that is full says so before anything is drawn
 *   append(records) -> written over the zeros, synced
 *
 *   header   0  8  "QRNGRCT1"       record   0  4  length of the entry
 *            8  8  index of tile             4  4  length of the extra
 *                                            8  n  entry, then extra
 *                                              4  crc32 of all of the record before it, seeded with the record's number
 *
 * Big-endian. Appends come one after the other, so a crash can only tear the last of them, whose index nobody knows. No
 * record has an empty entry, so zeros are none.
 */
import { readdirSync, rmSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { replaceFile } from '#libs/files';
import { TILE_WIDTH } from '#libs/tlog';
import { failpoint } from '../failpoint.js';

const MAGIC = 'QRNGRCT1';
const HEADER_BYTES = 16;
const LENGTHS_BYTES = 8;
const CRC_BYTES = 4;
/** Room is reserved in pieces of this many bytes. */
const RESERVE_BYTES = 65_536;

/** What is logged (`entry`, public), and what only the client gets with its receipt (`extra`). */
export interface LogRecord {
  readonly entry: Buffer;
  readonly extra: Buffer;
}

/** The file cannot be trusted: it holds something that this class did not write. */
export class RecordFileError extends Error {
  override readonly name = 'RecordFileError';
}

export function recordFolder(directory: string): string {
  return join(directory, 'records');
}

/** Removes the files of all tiles before `tile` from a folder. @throws errors of the file system. */
export function removeBefore(folder: string, tile: number): void {
  for (const name of readdirSync(folder)) {
    if (/^\d{8,}$/.test(name) && Number(name) < tile) rmSync(join(folder, name), { force: true });
  }
}

export function recordPath(directory: string, tile: number): string {
  return join(recordFolder(directory), tile.toString().padStart(8, '0'));
}

/** One call at a time. */
export class RecordFile {
  #size: number;
  /** Up to where the file has blocks on the disk. */
  #allocated: number;
  /** Whether nothing lies behind the records but zeros. */
  #isTrimmed: boolean;

  private constructor(
    private readonly file: FileHandle,
    /** The tile that the records fill. */
    readonly tile: number,
    /** Records so far, in their order. */
    readonly records: LogRecord[],
    { size, isTrimmed }: { readonly size: number; readonly isTrimmed: boolean },
  ) {
    this.#size = size;
    this.#allocated = size;
    this.#isTrimmed = isTrimmed;
  }

  /**
   * Opens the file at `path`. What a crash left behind its records is cut off by the first write, so that a file that turns out
   * to be damaged stays as it was found.
   *
   * @throws {RecordFileError} when it is of another kind; errors of the file system.
   */
  static async open(path: string): Promise<RecordFile> {
    const { tile, records, end } = await decodeFile(path);
    return new RecordFile(await open(path, 'r+'), tile, records, { size: end, isTrimmed: false });
  }

  /** The records of a file that is not open, or that another part of this process appends to. @throws as `open` does. */
  static async read(path: string): Promise<readonly LogRecord[]> {
    return (await decodeFile(path)).records;
  }

  /** The records of a file that is full. @throws as `open` does, also when the file has fewer. */
  static async readFull(path: string): Promise<readonly LogRecord[]> {
    const records = await RecordFile.read(path);
    if (records.length === TILE_WIDTH) return records;
    throw new RecordFileError(`${path} has ${records.length} whole records instead of ${TILE_WIDTH}`);
  }

  /** Where each record of a full file begins, and where the last one ends. @throws as `readFull` does. */
  static async boundsOf(path: string): Promise<readonly number[]> {
    let at = HEADER_BYTES;
    const lengths = (await RecordFile.readFull(path)).map((record) => lengthOf(record));
    return [at, ...lengths.map((length) => (at += length))];
  }

  /** Record `number` alone, which lies between `begin` and `end`. @throws as `open` does, also when it does not lie there. */
  static async readOne(path: string, number: number, begin: number, end: number): Promise<LogRecord> {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(end - begin), 0, end - begin, begin);
      const record = decodeRecord(buffer.subarray(0, bytesRead), 0, number);
      if (record !== undefined && lengthOf(record) === end - begin) return record;
    } finally {
      await file.close();
    }
    throw new RecordFileError(`${path} does not have its record ${number} where it was before`);
  }

  /** Makes an empty file for `tile` at `path`, in one step. */
  static async create(path: string, tile: number): Promise<RecordFile> {
    const header = Buffer.alloc(HEADER_BYTES);
    header.write(MAGIC, 'latin1');
    header.writeBigUInt64BE(BigInt(tile), 8);
    failpoint('receipts-uncreated');
    replaceFile(path, header);
    return new RecordFile(await open(path, 'r+'), tile, [], { size: HEADER_BYTES, isTrimmed: true });
  }

  /** Whether `allocate` would have nothing to do. */
  hasRoom(bytes: number): boolean {
    return this.#size + bytes <= this.#allocated;
  }

  /** Makes sure that `bytes` more can be written, whatever becomes of the disk. @throws errors of the file system. */
  async allocate(bytes: number): Promise<void> {
    if (this.hasRoom(bytes)) return;
    await this.#trim();
    const missing = this.#size + bytes - this.#allocated;
    const zeros = Buffer.alloc(Math.ceil(missing / RESERVE_BYTES) * RESERVE_BYTES);
    failpoint('receipt-unreserved');
    const { bytesWritten } = await this.file.write(zeros, 0, zeros.length, this.#allocated);
    if (bytesWritten !== zeros.length) throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC' });
    await this.file.datasync();
    this.#allocated += zeros.length;
  }

  /**
   * Appends records; they are on the disk when this resolves.
   *
   * @throws errors of the file system; the file is then as it was, or must not be used again if that fails too.
   */
  async append(records: readonly LogRecord[]): Promise<void> {
    const bytes = Buffer.concat(records.map((record, i) => encode(record, this.records.length + i)));
    failpoint('receipt-unwritten');
    try {
      await this.#trim();
      const { bytesWritten } = await this.file.write(bytes, 0, bytes.length, this.#size);
      if (bytesWritten !== bytes.length) throw new Error(`wrote ${bytesWritten} of ${bytes.length} bytes`);
      failpoint('receipt-unsynced');
      await this.file.datasync();
    } catch (error) {
      this.#isTrimmed = false;
      await this.#trim();
      throw error;
    }
    failpoint('receipt-synced');
    this.#size += bytes.length;
    this.#allocated = Math.max(this.#allocated, this.#size);
    this.records.push(...records);
  }

  /** Cuts off what was allocated, and closes the file. */
  async close(): Promise<void> {
    try {
      if (this.#isTrimmed && this.#allocated > this.#size) await this.file.truncate(this.#size);
    } finally {
      await this.file.close();
    }
  }

  async #trim(): Promise<void> {
    if (this.#isTrimmed) return;
    this.#allocated = this.#size;
    await this.file.truncate(this.#size);
    this.#isTrimmed = true;
  }
}

function encode({ entry, extra }: LogRecord, number: number): Buffer {
  const lengths = Buffer.alloc(LENGTHS_BYTES);
  lengths.writeUInt32BE(entry.length);
  lengths.writeUInt32BE(extra.length, 4);
  const record = Buffer.concat([lengths, entry, extra, Buffer.alloc(CRC_BYTES)]);
  record.writeUInt32BE(crc32(record.subarray(0, -CRC_BYTES), number), record.length - CRC_BYTES);
  return record;
}

async function decodeFile(path: string): Promise<{ tile: number; records: LogRecord[]; end: number }> {
  const content = await readFile(path);
  if (content.length < HEADER_BYTES || content.toString('latin1', 0, 8) !== MAGIC) {
    throw new RecordFileError(`${path} is not a file of receipts`);
  }
  return { tile: Number(content.readBigUInt64BE(8)), ...decode(content) };
}

function decode(content: Buffer): { records: LogRecord[]; end: number } {
  const records: LogRecord[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const record = decodeRecord(content, at, records.length);
    if (record === undefined) return { records, end: at };
    records.push(record);
    at += lengthOf(record);
  }
}

/** The record `number` at `at`; undefined where there is no whole one. */
function decodeRecord(content: Buffer, at: number, number: number): LogRecord | undefined {
  if (at + LENGTHS_BYTES + CRC_BYTES > content.length) return undefined;
  const split = at + LENGTHS_BYTES + content.readUInt32BE(at);
  if (split === at + LENGTHS_BYTES) return undefined;
  const end = split + content.readUInt32BE(at + 4);
  if (end + CRC_BYTES > content.length) return undefined;
  if (content.readUInt32BE(end) !== crc32(content.subarray(at, end), number)) return undefined;
  return {
    entry: Buffer.from(content.subarray(at + LENGTHS_BYTES, split)),
    extra: Buffer.from(content.subarray(split, end)),
  };
}

function lengthOf({ entry, extra }: LogRecord): number {
  return LENGTHS_BYTES + entry.length + extra.length + CRC_BYTES;
}
