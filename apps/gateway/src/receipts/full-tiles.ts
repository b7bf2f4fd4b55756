/**
 * Single records of full tiles. Where they lie is learnt when the tile is read for the first time, and after that one record is read and
 * not 256, which may hold 16 MiB of revealed draws.
 */
import { ignoreMissing } from '#libs/files';
import { setLatest } from '../maps.js';
import { recordPath, RecordFile } from './record-file.js';
import type { LogRecord } from './record-file.js';

/** Tiles of which that is remembered, 2 KiB each. */
const MOST_REMEMBERED = 256;

export class FullTiles {
  readonly #bounds = new Map<number, readonly number[]>();

  constructor(private readonly directory: string) {}

  /**
   * Record `number` of full tile `tile`; undefined where retention removed the tile.
   *
   * @throws {RecordFileError} when the tile is damaged; errors of the file system.
   */
  async record(tile: number, number: number): Promise<LogRecord | undefined> {
    try {
      return await this.#read(tile, number);
    } catch (error) {
      this.#bounds.delete(tile); // somebody may put a backup in its place
      ignoreMissing(error);
      return undefined;
    }
  }

  async #read(tile: number, number: number): Promise<LogRecord> {
    const path = recordPath(this.directory, tile);
    const bounds = this.#bounds.get(tile) ?? (await RecordFile.boundsOf(path));
    setLatest(this.#bounds, tile, bounds, MOST_REMEMBERED);
    const [begin, end] = bounds.slice(number, number + 2);
    if (begin === undefined || end === undefined) throw new RangeError(`no tile has a record ${number}`);
    return RecordFile.readOne(path, number, begin, end);
  }
}
