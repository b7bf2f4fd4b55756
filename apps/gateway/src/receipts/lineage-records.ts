/** The collectors' proofs for receipts, on disk beside the log: they come later than the entries, and are not part of them. */
import { join } from 'node:path';
import { ignoreMissing, makeDirectory } from '#libs/files';
import { canonicalJson, parsePacketProof, proofJson, TILE_WIDTH } from '#libs/tlog';
import type { PacketProof } from '#libs/tlog';
import { RecordFile, removeBefore } from './record-file.js';

export class LineageRecords {
  readonly #folder: string;

  /** @param directory of the log. */
  constructor(directory: string) {
    this.#folder = join(directory, 'lineage');
    makeDirectory(this.#folder, 0o700);
  }

  /**
   * Writes the proofs for entries, each once; those of a tile together. Where a file cannot be written the others still are. One call at a
   * time.
   *
   * @param onWritten gets each entry whose proofs are on the disk.
   * @throws the first error of the file system, once all was tried.
   */
  async write(
    proofs: ReadonlyMap<number, readonly PacketProof[]>,
    onWritten: (index: number) => void,
  ): Promise<void> {
    const errors: unknown[] = [];
    for (const [tile, entries] of Map.groupBy(proofs, ([index]) => Math.floor(index / TILE_WIDTH))) {
      try {
        await this.#append(tile, entries);
        for (const [index] of entries) onWritten(index);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  async read(index: number): Promise<PacketProof[] | undefined> {
    const records = await RecordFile.read(this.#path(Math.floor(index / TILE_WIDTH))).catch(ignoreMissing);
    const found = records?.find(({ entry }) => entry.toString() === String(index));
    return found && (JSON.parse(found.extra.toString()) as unknown[]).map(parsePacketProof);
  }

  /** Removes the proofs of tiles before `tile`. @throws errors of the file system. */
  cut(tile: number): void {
    removeBefore(this.#folder, tile);
  }

  async #append(
    tile: number,
    entries: readonly (readonly [number, readonly PacketProof[]])[],
  ): Promise<void> {
    const file = await this.#open(tile);
    try {
      await file.append(
        entries.map(([index, list]) => ({
          entry: Buffer.from(String(index)),
          extra: Buffer.from(canonicalJson(list.map(proofJson))),
        })),
      );
    } finally {
      await file.close();
    }
  }

  async #open(tile: number): Promise<RecordFile> {
    const there = await RecordFile.open(this.#path(tile)).catch(ignoreMissing);
    return there ?? RecordFile.create(this.#path(tile), tile);
  }

  #path(tile: number): string {
    return join(this.#folder, tile.toString().padStart(8, '0'));
  }
}
