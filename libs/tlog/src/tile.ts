/**
 * Tiles (c2sp.org/tlog-tiles): the tree cut into files of 256 hashes, and of 256 entries.
 *
 *   tile/L/N       256 hashes of level L, 8192 bytes; each covers 256^L entries
 *   tile/L/N.p/W   the first W of them (1 to 255), as long as the tile is not full
 *
 * N is written in groups of three digits, all but the last with an x in front: 1234067 is x001/x234/067.
 */
import { subtreesOf, treeRoot } from './merkle.js';

export const TILE_WIDTH = 256;
/** log2 of the width. */
const TILE_HEIGHT = 8;
const MAX_ENTRY_BYTES = 65_535;

/** The path of a tile under the log's prefix; `width` is 256 for a full one. */
export function tilePath(level: number | 'entries', index: number, width: number = TILE_WIDTH): string {
  const digits = index.toString().padStart(3 * Math.ceil(Math.max(1, index.toString().length) / 3), '0');
  const groups = digits.match(/\d{3}/g) ?? [];
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** The tile that a path names; undefined when it names none. */
export function parseTilePath(
  path: string,
): { level: number | 'entries'; index: number; width: number } | undefined {
  const match = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/)*)(\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path);
  if (match === null) return undefined;
  const [, level = '', upper = '', lower = '', partial] = match;
  const index = Number(upper.replaceAll(/[x/]/g, '') + lower);
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  const isCanonical = tilePath(level === 'entries' ? level : Number(level), index, width) === path;
  if (!isCanonical || !Number.isSafeInteger(index) || width > TILE_WIDTH || Number(level) > 63) {
    return undefined;
  }
  return { level: level === 'entries' ? level : Number(level), index, width };
}

/** The tile that has the hash of the complete subtree over the 2^level leaves from `index * 2^level` on, or what it follows from. */
export function tileOf(level: number, index: number): { readonly level: number; readonly index: number } {
  const first = index * 2 ** (level % TILE_HEIGHT);
  return { level: Math.floor(level / TILE_HEIGHT), index: Math.floor(first / TILE_WIDTH) };
}

/** That hash. @param hashes of the tile, at least those below the subtree. */
export function subtreeOfTile(hashes: readonly Buffer[], level: number, index: number): Buffer {
  const width = 2 ** (level % TILE_HEIGHT);
  const first = (index * width) % TILE_WIDTH;
  return treeRoot(width, subtreesOf(hashes.slice(first, first + width)));
}

/** Entries as an entry tile holds them, each with its length as u16 in front. */
export function encodeEntries(entries: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    entries.flatMap((entry) => {
      if (entry.length > MAX_ENTRY_BYTES) {
        throw new RangeError(`an entry has at most ${MAX_ENTRY_BYTES} bytes`);
      }
      const length = Buffer.alloc(2);
      length.writeUInt16BE(entry.length);
      return [length, entry];
    }),
  );
}
