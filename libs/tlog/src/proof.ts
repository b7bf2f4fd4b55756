/**
 * Receipt files (c2sp.org/tlog-proof@v1): everything that is needed to check offline that an entry is in a log.
 *
 *   c2sp.org/tlog-proof@v1
 *   extra BASE64               optional; not authenticated by itself
 *   index N
 *   BASE64 HASH                the inclusion path, the leaf's sibling first
 *                              an empty line
 *   the checkpoint
 */
import { openCheckpoint } from './checkpoint.js';
import type { Checkpoint } from './checkpoint.js';
import { HASH_BYTES, leafHash, rootByPath } from './merkle.js';
import type { NoteKey } from './signed-note.js';

const HEADER = 'c2sp.org/tlog-proof@v1';
/** Of a tree of 2^63 leaves. */
const MAX_PATH = 63;

/** A proof is not of its form, or does not prove what it should. */
export class ProofError extends Error {
  override readonly name = 'ProofError';
}

export interface Proof {
  readonly index: number;
  readonly path: readonly Buffer[];
  /** A signed note, verbatim. */
  readonly checkpoint: string;
  readonly extra?: Buffer | undefined;
}

export function formatProof({ index, path, checkpoint, extra }: Proof): string {
  const lines = [
    HEADER,
    ...(extra === undefined ? [] : [`extra ${extra.toString('base64')}`]),
    `index ${index}`,
    ...path.map((hash) => hash.toString('base64')),
  ];
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/**
 * Reads a proof file; checks its form alone.
 *
 * @throws {ProofError}
 */
export function parseProof(text: string): Proof {
  const end = text.indexOf('\n\n');
  if (end < 0) throw new ProofError('not a proof: no empty line before the checkpoint');
  const lines = text.slice(0, end).split('\n');
  if (lines.shift() !== HEADER) throw new ProofError(`a proof begins with ${HEADER}`);
  const extra = lines[0]?.startsWith('extra ') === true ? base64(lines.shift()?.slice(6) ?? '') : undefined;
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')?.[1];
  if (index === undefined || !Number.isSafeInteger(Number(index))) {
    throw new ProofError('a proof has a line "index N"');
  }
  if (lines.length > MAX_PATH) throw new ProofError('the path of a proof is too long');
  const path = lines.map((line) => base64(line, HASH_BYTES));
  return { index: Number(index), path, checkpoint: text.slice(end + 2), extra };
}

/**
 * Checks that `entry` is in the log that one of `keys` has signed; the checkpoint says of which state.
 *
 * @throws {ProofError} when it is not.
 * @throws {NoteError} when the checkpoint is not signed by any of the keys.
 */
export function verifyProof(proof: Proof, entry: Uint8Array, keys: readonly NoteKey[]): Checkpoint {
  const checkpoint = openCheckpoint(proof.checkpoint, keys);
  const root = rootByPath(leafHash(entry), proof.index, checkpoint.size, proof.path);
  if (root?.equals(checkpoint.root) !== true) {
    throw new ProofError('the entry is not in the log at this index: the path does not lead to the root');
  }
  return checkpoint;
}

function base64(text: string, bytes?: number): Buffer {
  const decoded = Buffer.from(text, 'base64');
  if (decoded.toString('base64') !== text || (bytes !== undefined && decoded.length !== bytes)) {
    throw new ProofError('a proof has canonical base64');
  }
  return decoded;
}
