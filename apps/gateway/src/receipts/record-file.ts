/**
 * The records of one tile of the receipt log, up to 256, each on the disk before its index is given to anybody.
 *
 *   header   0  8  "QRNGRCT1"       record   0  4  length of the entry
 *            8  8  index of tile             4  4  length of the extra
 *                                            8  n  entry, then extra
 *                                              4  crc32 of all of the record before it, seeded with the record's number
 *
 * Big-endian. Appends come one after the other, so a crash can only tear the last of them, whose index nobody knows.
 */
import { open, readFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { replaceFile } from '#libs/files';
import { failpoint } from '../failpoint.js';

const MAGIC = 'QRNGRCT1';
const HEADER_BYTES = 16;
const LENGTHS_BYTES = 8;
const CRC_BYTES = 4;

/** What is logged (`entry`, public), and what only the client gets with its receipt (`extra`). */
export interface LogRecord {
  readonly entry: Buffer;
  readonly extra: Buffer;
}

/** The file cannot be trusted: it holds something that this class did not write. */
export class RecordFileError extends Error {
  override readonly name = 'RecordFileError';
}

export class RecordFile {
  #size: number;

  private constructor(
    private readonly file: FileHandle,
    /** The tile that the records fill. */
    readonly tile: number,
    /** Records so far, in their order. */
    readonly records: LogRecord[],
    size: number,
  ) {
    this.#size = size;
  }

  /**
   * Opens the file at `path`; a torn record at its end is cut off.
   *
   * @throws {RecordFileError} when it is of another kind; errors of the file system.
   */
  static async open(path: string): Promise<RecordFile> {
    const content = await readFile(path);
    if (content.length < HEADER_BYTES || content.toString('latin1', 0, 8) !== MAGIC) {
      throw new RecordFileError(`${path} is not a file of receipts`);
    }
    const { records, end } = decode(content);
    const file = await open(path, 'r+');
    await file.truncate(end);
    return new RecordFile(file, Number(content.readBigUInt64BE(8)), records, end);
  }

  /** Makes an empty file for `tile` at `path`, in one step. */
  static async create(path: string, tile: number): Promise<RecordFile> {
    const header = Buffer.alloc(HEADER_BYTES);
    header.write(MAGIC, 'latin1');
    header.writeBigUInt64BE(BigInt(tile), 8);
    replaceFile(path, header);
    return new RecordFile(await open(path, 'r+'), tile, [], HEADER_BYTES);
  }

  /**
   * Appends records; they are on the disk when this resolves. One call at a time.
   *
   * @throws errors of the file system; the file is then as it was, or must not be used again if that fails too.
   */
  async append(records: readonly LogRecord[]): Promise<void> {
    const bytes = Buffer.concat(records.map((record, i) => encode(record, this.records.length + i)));
    failpoint('receipt-unwritten');
    try {
      const { bytesWritten } = await this.file.write(bytes, 0, bytes.length, this.#size);
      if (bytesWritten !== bytes.length) throw new Error(`wrote ${bytesWritten} of ${bytes.length} bytes`);
      failpoint('receipt-unsynced');
      await this.file.datasync();
    } catch (error) {
      await this.file.truncate(this.#size);
      throw error;
    }
    failpoint('receipt-synced');
    this.#size += bytes.length;
    this.records.push(...records);
  }

  close(): Promise<void> {
    return this.file.close();
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

function decode(content: Buffer): { records: LogRecord[]; end: number } {
  const records: LogRecord[] = [];
  let at = HEADER_BYTES;
  while (at + LENGTHS_BYTES + CRC_BYTES <= content.length) {
    const split = at + LENGTHS_BYTES + content.readUInt32BE(at);
    const end = split + content.readUInt32BE(at + 4);
    if (end + CRC_BYTES > content.length) break;
    if (content.readUInt32BE(end) !== crc32(content.subarray(at, end), records.length)) break;
    records.push({
      entry: Buffer.from(content.subarray(at + LENGTHS_BYTES, split)),
      extra: Buffer.from(content.subarray(split, end)),
    });
    at = end + CRC_BYTES;
  }
  return { records, end: at };
}
