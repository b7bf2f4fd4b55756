/** Checkpoints (c2sp.org/tlog-checkpoint): the signed note that says how large a log is, and its root. */
import { HASH_BYTES } from './merkle.js';
import { NoteError, openNote, signNote } from './signed-note.js';
import type { NoteKey } from './signed-note.js';

export interface Checkpoint {
  /** The log's name, which is also that of its key. */
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

/** The checkpoint as a signed note. Never sign one that is inconsistent with an earlier one. */
export function signCheckpoint({ origin, size, root }: Checkpoint, key: NoteKey): string {
  return signNote(`${origin}\n${size}\n${root.toString('base64')}\n`, key);
}

/**
 * A checkpoint that one of `keys` has signed under the name of its origin.
 *
 * @throws {NoteError}
 */
export function openCheckpoint(note: string, keys: readonly NoteKey[]): Checkpoint {
  const [origin = '', size = '', root = ''] = openNote(note, keys).split('\n');
  if (!keys.some(({ name }) => name === origin)) {
    throw new NoteError('the origin is not the name of a known key');
  }
  if (!/^(0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size))) {
    throw new NoteError('the size of a checkpoint is a decimal number');
  }
  const hash = Buffer.from(root, 'base64');
  if (hash.length !== HASH_BYTES || hash.toString('base64') !== root) {
    throw new NoteError('the root of a checkpoint is 32 bytes of base64');
  }
  return { origin, size: Number(size), root: hash };
}
