/**
 * The receipt log: an append-only log in C2SP's formats (libs/tlog) in a directory of its own.
 *
 *   append -> records/N (synced) -> index     publish -> checkpoint (synced) -> proofs and tiles that anybody can check
 *
 *   records/00000000   256 records each: entry and extra; the last file is the one that grows
 *   tile/L/N           full tiles of hashes
 *   checkpoint         the last signed state; no later one is ever inconsistent with it
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, replaceFile } from '#libs/files';
import {
  encodeEntries,
  formatProof,
  inclusionPath,
  leafHash,
  NoteError,
  openCheckpoint,
  signCheckpoint,
  TILE_WIDTH,
  treeRoot,
} from '#libs/tlog';
import type { Checkpoint, NoteKey } from '#libs/tlog';
import { failpoint } from '../failpoint.js';
import { HashTiles } from './hash-tiles.js';
import { RecordFile } from './record-file.js';
import type { LogRecord } from './record-file.js';

/** The log on disk is not one that this gateway may go on with. The message says what to do. */
export class ReceiptLogError extends Error {
  override readonly name = 'ReceiptLogError';
}

interface Waiting {
  readonly record: LogRecord;
  readonly resolve: (index: number) => void;
  readonly reject: (error: unknown) => void;
}

/** The last state that was signed. */
interface Signed {
  readonly size: number;
  readonly note: string;
}

export class ReceiptLog {
  readonly #directory: string;
  readonly #key: NoteKey;
  readonly #tiles: HashTiles;
  #file: RecordFile;
  #signed: Signed;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #fault: string | undefined;
  /** What is in memory is no longer what is on disk; only a restart mends that. */
  #isBroken = false;

  private constructor(directory: string, key: NoteKey, tiles: HashTiles, file: RecordFile, signed: Signed) {
    this.#directory = directory;
    this.#key = key;
    this.#tiles = tiles;
    this.#file = file;
    this.#signed = signed;
  }

  /**
   * Goes on with the log in `directory`, or begins one.
   *
   * @param key signs the checkpoints; its name is the log's origin.
   * @throws {ReceiptLogError} when the log is damaged or another's; errors of the file system.
   */
  static async open(directory: string, key: NoteKey): Promise<ReceiptLog> {
    const folder = join(directory, 'records');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const names = readdirSync(folder)
      .filter((name) => /^\d{8}$/.test(name))
      .sort();
    const last = names.at(-1);
    const file =
      last === undefined
        ? await RecordFile.create(join(folder, nameOf(0)), 0)
        : await RecordFile.open(join(folder, last));
    try {
      const tiles = new HashTiles(directory);
      tiles.restore(file.tile);
      for (const { entry } of file.records) tiles.add(leafHash(entry));
      const size = file.tile * TILE_WIDTH + file.records.length;
      const log = new ReceiptLog(directory, key, tiles, file, readSigned(directory, key, size, tiles));
      await log.#nextFileIfFull();
      log.publish();
      return log;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Entries on disk. */
  get size(): number {
    return this.#file.tile * TILE_WIDTH + this.#file.records.length;
  }

  /** Entries that the latest checkpoint covers. */
  get publishedSize(): number {
    return this.#signed.size;
  }

  /** The latest checkpoint, a signed note. */
  get checkpoint(): string {
    return this.#signed.note;
  }

  /** Why nothing could be appended the last time; undefined while all is well. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /**
   * Appends a record. Those that come while the disk is busy go there together.
   *
   * @returns its index, once it is on the disk.
   * @throws errors of the file system; the record is not in the log then.
   */
  append(record: LogRecord): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject });
      this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
    });
  }

  /**
   * Signs what was appended since the last time; call it once a second.
   *
   * @throws errors of the file system; the state before stays the published one.
   */
  publish(): void {
    const { size } = this;
    if (this.#isBroken || (size === this.#signed.size && this.#signed.note !== '')) return;
    const root = treeRoot(size, this.#tiles.subtree);
    const note = signCheckpoint({ origin: this.#key.name, size, root }, this.#key);
    failpoint('checkpoint-unwritten');
    replaceFile(join(this.#directory, 'checkpoint'), note);
    failpoint('checkpoint-written');
    this.#signed = { size, note };
  }

  /**
   * The receipt file of an entry that the latest checkpoint covers.
   *
   * @returns `unpublished` before the next checkpoint, nothing when there is no such entry any more or at all.
   */
  async receipt(index: number): Promise<{ file: string; entry: Buffer } | 'unpublished' | undefined> {
    if (index >= this.size) return undefined;
    if (index >= this.#signed.size) return 'unpublished';
    const record = (await this.#recordsOf(Math.floor(index / TILE_WIDTH)))?.[index % TILE_WIDTH];
    if (record === undefined) return undefined;
    const { size, note } = this.#signed;
    const path = inclusionPath(index, size, this.#tiles.subtree);
    const file = formatProof({ index, path, checkpoint: note, extra: record.extra });
    return { file, entry: record.entry };
  }

  /** The first `width` hashes of a tile, as far as published; nothing where there are fewer. */
  hashTile(level: number, index: number, width: number): Buffer | undefined {
    const published = Math.floor(this.#signed.size / TILE_WIDTH ** level) - index * TILE_WIDTH;
    if (published < width) return undefined;
    return Buffer.concat(this.#tiles.hashes(level, index).slice(0, width));
  }

  /** The first `width` entries of a tile, as far as published; nothing where there are fewer, or retention removed them. */
  async entryTile(index: number, width: number): Promise<Buffer | undefined> {
    if (this.#signed.size - index * TILE_WIDTH < width) return undefined;
    const records = await this.#recordsOf(index);
    return records && encodeEntries(records.slice(0, width).map(({ entry }) => entry));
  }

  async close(): Promise<void> {
    await this.#writing;
    this.publish();
    await this.#file.close();
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, TILE_WIDTH - this.#file.records.length);
      const first = this.size;
      try {
        if (this.#isBroken) throw new ReceiptLogError('the receipt log failed earlier; restart the gateway');
        await this.#file.append(batch.map(({ record }) => record));
        await this.#appended(batch);
        this.#fault = undefined;
        batch.forEach(({ resolve }, i) => resolve(first + i));
      } catch (error) {
        this.#fault = `the receipt log cannot be written (${errorCode(error)})`;
        for (const { reject } of batch) reject(error);
      }
    }
  }

  async #appended(batch: readonly Waiting[]): Promise<void> {
    this.#isBroken = true; // if this fails halfway
    for (const { record } of batch) this.#tiles.add(leafHash(record.entry));
    await this.#nextFileIfFull();
    this.#isBroken = false;
  }

  async #nextFileIfFull(): Promise<void> {
    if (this.#file.records.length < TILE_WIDTH) return;
    const tile = this.#file.tile + 1;
    const next = await RecordFile.create(join(this.#directory, 'records', nameOf(tile)), tile);
    await this.#file.close();
    this.#file = next;
  }

  async #recordsOf(tile: number): Promise<readonly LogRecord[] | undefined> {
    if (tile === this.#file.tile) return this.#file.records;
    try {
      const file = await RecordFile.open(join(this.#directory, 'records', nameOf(tile)));
      await file.close();
      return file.records;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined; // removed by retention
      throw error;
    }
  }
}

function nameOf(tile: number): string {
  return tile.toString().padStart(8, '0');
}

/** The state that was signed last, once it is certain that the log on disk goes on from it. */
function readSigned(directory: string, key: NoteKey, size: number, tiles: HashTiles): Signed {
  let note: string;
  try {
    note = readFileSync(join(directory, 'checkpoint'), 'utf8');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    if (size > 0) throw damaged(directory, 'its checkpoint is missing');
    return { size: 0, note: '' };
  }
  const checkpoint = checkpointOf(note, key, directory);
  if (checkpoint.size > size) {
    throw damaged(directory, `it has ${size} entries, and ${checkpoint.size} were signed`);
  }
  if (!treeRoot(checkpoint.size, tiles.subtree).equals(checkpoint.root)) {
    throw damaged(directory, 'its entries are not those that were signed');
  }
  return { size: checkpoint.size, note };
}

function checkpointOf(note: string, key: NoteKey, directory: string): Checkpoint {
  try {
    return openCheckpoint(note, [key]);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    throw damaged(directory, `its checkpoint is not signed by QRNG_RECEIPTS_KEY as ${key.name}`);
  }
}

function damaged(directory: string, reason: string): ReceiptLogError {
  return new ReceiptLogError(
    `the receipt log in ${directory} is damaged: ${reason}. Restore it from a backup, or begin a new log: move the directory ` +
      'away and choose another QRNG_RECEIPTS_ORIGIN, since two histories under one name are a broken promise',
  );
}
