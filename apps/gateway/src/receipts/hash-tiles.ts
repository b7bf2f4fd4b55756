/**
 * The hashes of the receipt log: full tiles as files, the hashes at the right edge of each level in memory.
 *
 *   leaf -> edge of level 0 -> 256 of them: tile/0/N, and their root -> edge of level 1 -> ...
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { replaceFile } from '#libs/files';
import { HASH_BYTES, nodeHash, TILE_HEIGHT, TILE_WIDTH, tilePath } from '#libs/tlog';

const TILE_BYTES = TILE_WIDTH * HASH_BYTES;

interface Level {
  /** Full tiles. */
  tiles: number;
  /** Hashes that do not fill a tile yet. */
  edge: Buffer[];
}

export class HashTiles {
  readonly #directory: string;
  readonly #levels: Level[] = [];

  /** @param directory where `tile/` lies or will lie. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Adds a leaf. Full tiles go to disk; one that is there already, from before a crash, is written again as it is.
   *
   * @throws errors of the file system.
   */
  add(leaf: Buffer, level = 0): void {
    const here = this.#level(level);
    here.edge.push(leaf);
    if (here.edge.length < TILE_WIDTH) return;
    this.#write(tilePath(level, here.tiles), Buffer.concat(here.edge));
    const root = rootOf(here.edge);
    here.tiles += 1;
    here.edge = [];
    this.add(root, level + 1);
  }

  /** Takes over `leaves` full tiles of level 0 that are on disk, and the levels above them. */
  restore(leaves: number): void {
    for (let tile = 0; tile < leaves; tile++) {
      const hashes = this.#read(0, tile);
      this.#level(0).tiles += 1;
      this.add(rootOf(hashes), 1);
    }
  }

  /** The hash of a complete subtree: for the functions of libs/tlog. */
  readonly subtree = (level: number, index: number): Buffer => {
    const tileLevel = Math.floor(level / TILE_HEIGHT);
    const width = 2 ** (level % TILE_HEIGHT);
    const first = index * width;
    const hashes = this.hashes(tileLevel, Math.floor(first / TILE_WIDTH));
    return rootOf(hashes.slice(first % TILE_WIDTH, (first % TILE_WIDTH) + width));
  };

  /** The hashes of a tile, also of one that is not full; none where there is no such tile. */
  hashes(level: number, index: number): Buffer[] {
    const here = this.#levels[level];
    if (here === undefined || index > here.tiles) return [];
    return index === here.tiles ? here.edge : this.#read(level, index);
  }

  #level(level: number): Level {
    const known = this.#levels[level];
    if (known !== undefined) return known;
    return (this.#levels[level] = { tiles: 0, edge: [] });
  }

  #read(level: number, index: number): Buffer[] {
    const tile = readFileSync(join(this.#directory, tilePath(level, index)));
    if (tile.length !== TILE_BYTES) throw new Error(`${tilePath(level, index)} is not a tile of 256 hashes`);
    return Array.from({ length: TILE_WIDTH }, (_, i) => tile.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
  }

  #write(path: string, content: Buffer): void {
    const file = join(this.#directory, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    replaceFile(file, content);
  }
}

/** The root over a power of two of hashes. */
function rootOf(hashes: readonly Buffer[]): Buffer {
  const [first, second] = hashes;
  if (first === undefined) throw new RangeError('a subtree has at least one hash');
  if (second === undefined) return first;
  const half = hashes.length / 2;
  return nodeHash(rootOf(hashes.slice(0, half)), rootOf(hashes.slice(half)));
}
