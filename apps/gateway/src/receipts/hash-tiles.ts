/**
 * The hashes of the receipt log: full tiles as files, the hashes at the right edge of each level in memory.
 *
 *   leaf -> edge of level 0 -> 256 of them: tile/0/N, and their root -> edge of level 1 -> ...
 *
 * A full tile waits in memory until it is written, which `flush` does: a disk that is full stops no append.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ifThere, makeDirectory, replaceFile } from '#libs/files';
import { RecordFileError } from './record-file.js';
import { HASH_BYTES, subtreeOfTile, subtreesOf, TILE_WIDTH, tileOf, tilePath, treeRoot } from '#libs/tlog';

const TILE_BYTES = TILE_WIDTH * HASH_BYTES;

interface Level {
  tiles: number;
  /** Hashes that do not fill a tile yet. */
  edge: Buffer[];
}

export class HashTiles {
  readonly #directory: string;
  readonly #levels: Level[] = [];
  /** Full tiles that are not on the disk yet, by their path. */
  readonly #unwritten = new Map<string, readonly Buffer[]>();

  /** @param directory where `tile/` lies or will lie. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Leaves so far. */
  get size(): number {
    const { tiles, edge } = this.#level(0);
    return tiles * TILE_WIDTH + edge.length;
  }

  add(leaf: Buffer, level = 0): void {
    const here = this.#level(level);
    here.edge.push(leaf);
    if (here.edge.length < TILE_WIDTH) return;
    this.#unwritten.set(tilePath(level, here.tiles), here.edge);
    const root = treeRoot(TILE_WIDTH, subtreesOf(here.edge));
    here.tiles += 1;
    here.edge = [];
    this.add(root, level + 1);
  }

  /**
   * Writes the full tiles that are not on the disk yet; one that is there from before a crash is written again as it is.
   *
   * @throws errors of the file system; the rest is written by the next call.
   */
  flush(): void {
    for (const [path, hashes] of this.#unwritten) {
      const file = join(this.#directory, path);
      makeDirectory(dirname(file), 0o700);
      replaceFile(file, Buffer.concat(hashes));
      this.#unwritten.delete(path);
    }
  }

  /**
   * Takes over full tile `index` of level 0, the next one, from the disk.
   *
   * @returns whether it is there: a crash can have come before it was written.
   */
  restore(index: number): boolean {
    const hashes = ifThere(() => this.#read(0, index));
    if (hashes === undefined) return false;
    this.#level(0).tiles += 1;
    this.add(treeRoot(TILE_WIDTH, subtreesOf(hashes)), 1);
    return true;
  }

  /** The hash of a complete subtree: for the functions of libs/tlog. */
  readonly subtree = (level: number, index: number): Buffer => {
    const tile = tileOf(level, index);
    return subtreeOfTile(this.hashes(tile.level, tile.index), level, index);
  };

  /** The hashes of a tile, also of one that is not full; none where there is no such tile. */
  hashes(level: number, index: number): readonly Buffer[] {
    const here = this.#levels[level];
    if (here === undefined || index > here.tiles) return [];
    if (index === here.tiles) return here.edge;
    return this.#unwritten.get(tilePath(level, index)) ?? this.#read(level, index);
  }

  #level(level: number): Level {
    const known = this.#levels[level];
    if (known !== undefined) return known;
    return (this.#levels[level] = { tiles: 0, edge: [] });
  }

  #read(level: number, index: number): Buffer[] {
    const tile = readFileSync(join(this.#directory, tilePath(level, index)));
    if (tile.length !== TILE_BYTES) {
      throw new RecordFileError(`${tilePath(level, index)} is not a tile of 256 hashes`);
    }
    return Array.from({ length: TILE_WIDTH }, (_, i) => tile.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
  }
}
