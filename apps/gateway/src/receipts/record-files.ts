/**
 * The record files that a receipt log appends to, with room for what was promised:
 *
 *   reserve -> as many files as the promised records may fill, with blocks on the disk in each -> draw -> append, release
 *
 * So a draw whose receipt had room finds that room, also where its record begins a new file.
 */
import { rmSync } from 'node:fs';
import { TILE_WIDTH } from '#libs/tlog';
import { recordPath, RecordFile } from './record-file.js';
import type { LogRecord } from './record-file.js';

export class RecordFiles {
  readonly #directory: string;
  /** The one that grows, and behind it those that were made for what is promised. */
  readonly #files: [RecordFile, ...RecordFile[]];
  readonly #promised = { records: 0, bytes: 0, largest: 0 };
  /** What touches the files, one after the other. */
  #turn: Promise<void> = Promise.resolve();

  /** @param growing the last one of the log in `directory`. */
  constructor(directory: string, growing: RecordFile) {
    this.#directory = directory;
    this.#files = [growing];
  }

  get growing(): RecordFile {
    return this.#files[0];
  }

  /**
   * Makes sure that a record of at most `bytes` can be appended, whatever becomes of the disk. The function gives the room back,
   * also after the record was appended; call it once.
   *
   * @throws errors of the file system; nothing is reserved then.
   */
  async reserve(bytes: number): Promise<() => void> {
    const promised = this.#promised;
    const release = (): void => {
      promised.records -= 1;
      promised.bytes -= bytes;
    };
    promised.records += 1;
    promised.bytes += bytes;
    promised.largest = Math.max(promised.largest, bytes);
    try {
      if (!this.#hasRoom()) await this.#inTurn(() => this.#makeRoom());
      return release;
    } catch (error) {
      release();
      throw error;
    }
  }

  /**
   * Appends the records that `next` gives, at most as many as it is asked for; they are on the disk when this resolves.
   *
   * @throws errors of the file system; none of the records is in the log then.
   */
  append(next: (most: number) => readonly LogRecord[]): Promise<void> {
    return this.#inTurn(async () => {
      const file = await this.#notFull();
      await file.append(next(TILE_WIDTH - file.records.length));
    });
  }

  /** Closes the files, and removes those that have no record. */
  async close(): Promise<void> {
    await this.#turn;
    for (const file of this.#files) await file.close();
    for (const { tile } of this.#files.slice(1)) rmSync(recordPath(this.#directory, tile), { force: true });
  }

  async #notFull(): Promise<RecordFile> {
    const [file, next] = this.#files;
    if (file.records.length < TILE_WIDTH) return file;
    const other = next ?? (await this.#add());
    this.#files.shift();
    await file.close();
    return other;
  }

  async #add(): Promise<RecordFile> {
    const tile = this.growing.tile + this.#files.length;
    const file = await RecordFile.create(recordPath(this.#directory, tile), tile);
    this.#files.push(file);
    return file;
  }

  /** Files that what is promised may reach, and room in each of them for as much of it as may come there. */
  get #needed(): { readonly files: number; readonly bytes: number } {
    const { records, bytes, largest } = this.#promised;
    const files = Math.max(1, Math.ceil((this.growing.records.length + records) / TILE_WIDTH));
    return { files, bytes: Math.min(bytes, TILE_WIDTH * largest) };
  }

  #hasRoom(): boolean {
    const { files, bytes } = this.#needed;
    return this.#files.length >= files && this.#files.slice(0, files).every((file) => file.hasRoom(bytes));
  }

  async #makeRoom(): Promise<void> {
    for (let at = 0; at < this.#needed.files; at++) {
      const file = this.#files[at] ?? (await this.#add());
      await file.allocate(this.#needed.bytes);
    }
  }

  #inTurn(run: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(run);
    this.#turn = turn.catch(() => undefined); // the caller gets the error
    return turn;
  }
}
