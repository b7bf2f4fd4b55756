/**
 * The receipt log: an append-only log in C2SP's formats (libs/tlog) in a directory of its own.
 *
 *   append -> records/N (synced) -> index     publish -> checkpoint (synced) -> proofs and tiles that anybody can check
 *
 *   records/00000000   256 records each: entry and extra; the last file is the one that grows
 *   tile/L/N           full tiles of hashes
 *   checkpoint         a signed state, the last one after a clean end; no later one is ever inconsistent with it. Beside the directory is the
 *                      last one at every moment (log-files.ts), by which an older state that somebody put back is found
 *   cut                the signed note about records that retention removed
 */
import { join } from 'node:path';
import { errorCode, ignoreMissing, replaceFile } from '#libs/files';
import {
  encodeEntries,
  formatProof,
  inclusionPath,
  leafHash,
  signCheckpoint,
  TILE_WIDTH,
  treeRoot,
  verifierKey,
} from '#libs/tlog';
import type { NoteKey } from '#libs/tlog';
import { failpoint } from '../failpoint.js';
import { FullTiles } from './full-tiles.js';
import type { HashTiles } from './hash-tiles.js';
import { RecordFiles } from './record-files.js';
import { openLogFiles, rememberedPath } from './log-files.js';
import type { Signed } from './log-files.js';
import { recordFolder, recordPath, RecordFile, removeBefore } from './record-file.js';
import type { LogRecord } from './record-file.js';
import { writeCut } from './retention.js';
import type { Cut } from './retention.js';

interface Waiting {
  readonly record: LogRecord;
  readonly resolve: (index: number) => void;
  readonly reject: (error: unknown) => void;
}

/** An entry, what only its client gets, and the proof that it is in the log, without `extra`. */
export interface PublishedRecord extends LogRecord {
  /** The receipt file with this text as its extra. */
  readonly file: (extra: Buffer) => string;
}

export class ReceiptLog {
  readonly #directory: string;
  readonly #key: NoteKey;
  readonly #tiles: HashTiles;
  readonly #files: RecordFiles;
  readonly #full: FullTiles;
  #signed: Signed;
  /** The size that the checkpoint in the directory has; undefined where that is not known. */
  #noted: number | undefined;
  #cut: Cut | undefined;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #fault: string | undefined;

  private constructor(directory: string, key: NoteKey, files: Awaited<ReturnType<typeof openLogFiles>>) {
    this.#directory = directory;
    this.#key = key;
    this.#tiles = files.tiles;
    this.#files = new RecordFiles(directory, files.file);
    this.#full = new FullTiles(directory);
    this.#signed = files.signed;
    this.#cut = files.cut;
  }

  /**
   * Goes on with the log in `directory`, or begins one.
   *
   * @param key signs the checkpoints; its name is the log's origin.
   * @throws {ReceiptLogError} when the log is damaged or another's; errors of the file system.
   */
  static async open(directory: string, key: NoteKey): Promise<ReceiptLog> {
    const log = new ReceiptLog(directory, key, await openLogFiles(directory, key));
    removeBefore(recordFolder(directory), (log.cut?.first ?? 0) / TILE_WIDTH); // a crash may have come between note and removal
    try {
      log.publish();
      return log;
    } catch (error) {
      await log.#files.close();
      throw error;
    }
  }

  /** Entries on disk. */
  get size(): number {
    return this.#tiles.size;
  }

  /** Entries that the latest checkpoint covers. */
  get publishedSize(): number {
    return this.#signed.size;
  }

  /** The latest checkpoint, a signed note. */
  get checkpoint(): string {
    return this.#signed.note;
  }

  /** The key that verifies the checkpoints, as verifiers pin it. */
  get publicKey(): string {
    return verifierKey(this.#key);
  }

  /** The signed note about what retention removed; undefined where nothing was. */
  get cut(): Cut | undefined {
    return this.#cut;
  }

  /** Why nothing could be written the last time; undefined while all is well. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /**
   * Makes sure that a record of at most `bytes` can be appended, whatever becomes of the disk: one that is full says so here, also where
   * the next record begins a new file. The function gives the room back; call it once.
   *
   * @throws errors of the file system; nothing is reserved then.
   */
  async reserve(bytes: number): Promise<() => void> {
    try {
      return await this.#files.reserve(bytes);
    } catch (error) {
      this.#fault = unwritable(error);
      throw error;
    }
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
      this.#writing ??= this.#write();
    });
  }

  /**
   * Signs what was appended since the last time; call it about once a second.
   *
   * @throws errors of the file system; until the checkpoint is remembered the state before stays the published one.
   */
  publish(): void {
    const { size } = this;
    if (size === this.#signed.size && this.#signed.note !== '') return;
    try {
      this.#tiles.flush();
      const root = treeRoot(size, this.#tiles.subtree);
      const note = signCheckpoint({ origin: this.#key.name, size, root }, this.#key);
      failpoint('checkpoint-unwritten');
      replaceFile(rememberedPath(this.#directory, this.#key.name), note);
      failpoint('checkpoint-remembered');
      this.#signed = { size, note };
      if (this.#noted === undefined || size - this.#noted >= TILE_WIDTH) this.#note();
    } catch (error) {
      this.#fault = unwritable(error);
      throw error;
    }
  }

  /** Looks whether what failed works again. */
  async recover(): Promise<void> {
    if (this.#fault === undefined) return;
    try {
      const release = await this.reserve(TILE_WIDTH * TILE_WIDTH);
      release();
      this.publish();
      this.#fault = undefined;
    } catch {
      // `fault` says it
    }
  }

  /**
   * An entry that the latest checkpoint covers.
   *
   * @returns `unpublished` before the next checkpoint, nothing when there is no such entry any more or at all.
   */
  async record(index: number): Promise<PublishedRecord | 'unpublished' | undefined> {
    if (!(index >= 0 && index < this.size)) return undefined;
    if (index >= this.#signed.size) return 'unpublished';
    const record = await this.#recordOf(Math.floor(index / TILE_WIDTH), index % TILE_WIDTH);
    if (record === undefined) return undefined;
    const { size, note: checkpoint } = this.#signed;
    const path = inclusionPath(index, size, this.#tiles.subtree);
    return { ...record, file: (extra) => formatProof({ index, path, checkpoint, extra }) };
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

  /**
   * Removes the records of whole tiles from the oldest on, as long as `isOld` says so of the last record of a tile. A signed
   * note about it is on the disk before they go; their hashes stay.
   *
   * @returns the number of entries that were removed.
   * @throws errors of the file system.
   */
  async cutOld(isOld: (entry: Buffer) => boolean, now: number): Promise<number> {
    const before = Math.floor((this.#cut?.first ?? 0) / TILE_WIDTH);
    const published = Math.floor(this.#signed.size / TILE_WIDTH);
    let tile = before;
    for (; tile < Math.min(this.#files.growing.tile, published); tile++) {
      const last = await this.#recordOf(tile, TILE_WIDTH - 1);
      if (last !== undefined && !isOld(last.entry)) break;
    }
    if (tile === before) return 0;
    this.#cut = writeCut(join(this.#directory, 'cut'), this.#key, tile * TILE_WIDTH, now);
    removeBefore(recordFolder(this.#directory), tile);
    return (tile - before) * TILE_WIDTH;
  }

  async close(): Promise<void> {
    await this.#writing;
    try {
      this.publish();
      if (this.#noted !== this.#signed.size) this.#note();
    } finally {
      await this.#files.close();
    }
  }

  /**
   * Writes the copy in the directory, for who finds that alone. It may be behind, so it costs no write each second: what was signed since
   * lies beside the directory, and the entries that were signed are all in the records.
   */
  #note(): void {
    replaceFile(join(this.#directory, 'checkpoint'), this.#signed.note);
    failpoint('checkpoint-written');
    this.#noted = this.#signed.size;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      let batch: Waiting[] = [];
      try {
        await this.#files.append((most) => {
          batch = this.#waiting.splice(0, most);
          return batch.map(({ record }) => record);
        });
        const first = this.size;
        for (const { record } of batch) this.#tiles.add(leafHash(record.entry));
        batch.forEach(({ resolve }, i) => resolve(first + i));
      } catch (error) {
        this.#fault = unwritable(error);
        if (batch.length === 0) batch = this.#waiting.splice(0);
        for (const { reject } of batch) reject(error);
      }
    }
    // In the same step as the look at what waits: a record that comes a moment later would wait for the next one.
    this.#writing = undefined;
  }

  async #recordOf(tile: number, number: number): Promise<LogRecord | undefined> {
    const { growing } = this.#files;
    return tile === growing.tile ? growing.records[number] : this.#full.record(tile, number);
  }

  async #recordsOf(tile: number): Promise<readonly LogRecord[] | undefined> {
    const { growing } = this.#files;
    if (tile === growing.tile) return growing.records;
    const full = RecordFile.readFull(recordPath(this.#directory, tile));
    return full.catch(ignoreMissing); // removed by retention
  }
}

function unwritable(error: unknown): string {
  return `the receipt log cannot be written (${errorCode(error)})`;
}
