/**
 * Whether a log still begins with a state that it signed before: what a log with two histories cannot show to everybody.
 *
 *   checkpoint of today -> tiles that lie between the two states -> consistency proof (RFC 6962, 2.1.2) -> both roots
 *
 * The tiles need no trust: hashes that are not those of the log lead to another root.
 */
import { openCheckpoint } from '../../../../libs/tlog/src/checkpoint.js';
import type { Checkpoint } from '../../../../libs/tlog/src/checkpoint.js';
import { consistencyPath, HASH_BYTES, isConsistent } from '../../../../libs/tlog/src/merkle.js';
import { ProofError } from '../../../../libs/tlog/src/proof.js';
import type { NoteKey } from '../../../../libs/tlog/src/signed-note.js';
import { subtreeOfTile, tileOf, TILE_WIDTH, tilePath } from '../../../../libs/tlog/src/tile.js';

/** A checkpoint with all signatures of 64 witnesses is shorter. */
const MOST_CHECKPOINT_BYTES = 65_536;

/** Reads a file below the log's address, of at most `most` bytes. */
export type ReadLog = (path: string, most: number) => Promise<Buffer>;

/** The state of a log now. */
export interface Continued {
  readonly now: Checkpoint;
  /** The checkpoint as it was read, a signed note. */
  readonly note: string;
}

/** The log has signed two states that contradict each other; both checkpoints together prove it. */
export class TwoHistoriesError extends ProofError {
  constructor(
    message: string,
    /** The checkpoint that contradicts the one that was given. */
    readonly note: string,
  ) {
    super(message);
  }
}

/**
 * Reads the log's checkpoint of today, and checks that its state begins with `before`.
 *
 * @throws {TwoHistoriesError} when it does not; {ProofError} when the log does not show it; {NoteError} when the checkpoint is
 * not signed by any of `keys`; what `read` throws.
 */
export async function continued(
  before: Checkpoint,
  keys: readonly NoteKey[],
  read: ReadLog,
): Promise<Continued> {
  const note = (await read('checkpoint', MOST_CHECKPOINT_BYTES)).toString();
  const now = openCheckpoint(note, keys);
  if (now.origin !== before.origin) {
    throw new ProofError(`this is the log ${now.origin}, not ${before.origin}`);
  }
  const [had, has] = [before.size, now.size];
  if (has < had) {
    throw new ProofError(`the log shows ${has} entries, fewer than the ${had} that it has signed`);
  }
  if (has === had && !now.root.equals(before.root)) {
    throw new TwoHistoriesError(
      `the log has signed two states of ${had} entries: it has two histories`,
      note,
    );
  }
  const path = had === 0 || had === has ? [] : await pathBetween(had, has, read);
  if (isConsistent(before, now, path)) return { now, note };
  const message = `the log of now, with ${has} entries, does not begin with the ${had} that it has signed: it has two histories`;
  throw new TwoHistoriesError(message, note);
}

async function pathBetween(had: number, has: number, read: ReadLog): Promise<Buffer[]> {
  const tiles = new Map<string, readonly Buffer[]>();
  const pathOf = (level: number, index: number): string => {
    const tile = tileOf(level, index);
    const width = Math.floor(has / TILE_WIDTH ** tile.level) - tile.index * TILE_WIDTH;
    return tilePath(tile.level, tile.index, Math.min(width, TILE_WIDTH));
  };
  // Which tiles it takes depends on the two sizes alone.
  consistencyPath(had, has, (level, index) => {
    tiles.set(pathOf(level, index), []);
    return Buffer.alloc(HASH_BYTES);
  });
  for (const path of tiles.keys()) tiles.set(path, hashesOf(path, await read(path, TILE_WIDTH * HASH_BYTES)));
  return consistencyPath(had, has, (level, index) =>
    subtreeOfTile(tiles.get(pathOf(level, index)) ?? [], level, index),
  );
}

function hashesOf(path: string, tile: Buffer): Buffer[] {
  const width = Number(/\.p\/(\d+)$/.exec(path)?.[1] ?? TILE_WIDTH);
  if (tile.length !== width * HASH_BYTES) {
    throw new ProofError(`${path} of the log is not a tile of ${width} hashes`);
  }
  return Array.from({ length: width }, (_, i) => tile.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
}
