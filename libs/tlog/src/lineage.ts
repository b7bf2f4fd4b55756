/**
 * What a collector signs about its packets, so that a gateway cannot invent one: a signed note over the root of a Merkle tree.
 *
 *   qrng-dd lineage v1
 *   COLLECTOR BOOT                  of this run
 *   FROM TO COUNT                   sequence numbers of the first and the last packet of entropy, and how many there are
 *   BASE64 ROOT                     of the tree with a leaf for each packet
 *
 * A leaf is the packet's sequence number (u64, big-endian) and the SHA-256 of its data. Packets can be lost on the way, and
 * with them their leaves, so the roots of groups go beside the note: whoever knows one whole group can prove its packets.
 */
import { inclusionPath, leafHash, subtreesOf, treeRoot } from './merkle.js';
import { NoteError, openNote, signNote } from './signed-note.js';
import type { NoteKey } from './signed-note.js';

const HEADER = 'qrng-dd lineage v1';
const MAX_U64 = 2n ** 64n - 1n;

export interface Lineage {
  readonly collector: string;
  readonly boot: bigint;
  readonly from: bigint;
  readonly to: bigint;
  readonly count: number;
  readonly root: Buffer;
}

/** The roots of groups of `size` leaves each (a power of two); the last group may have fewer. */
export interface LineageGroups {
  readonly size: number;
  readonly roots: readonly Buffer[];
}

/** The hash of a packet's leaf. @param digest SHA-256 of the packet's data. */
export function lineageLeaf(sequence: bigint, digest: Buffer): Buffer {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(sequence);
  return leafHash(Buffer.concat([number, digest]));
}

/** The root over the leaves of packets, and at most `most` roots of groups of them. */
export function lineageTree(
  leaves: readonly Buffer[],
  most: number,
): { root: Buffer; groups: LineageGroups } {
  let size = 1;
  while (Math.ceil(leaves.length / size) > most) size *= 2;
  const roots: Buffer[] = [];
  for (let at = 0; at < leaves.length; at += size) roots.push(rootOf(leaves.slice(at, at + size)));
  return { root: rootOf(roots), groups: { size, roots } };
}

/**
 * The path from leaf `index` to the root, given the leaves of its own group.
 *
 * @param group all leaves of the group that the leaf is in, in their order.
 */
export function lineagePath(
  index: number,
  group: readonly Buffer[],
  { size, roots }: LineageGroups,
): Buffer[] {
  return [
    ...inclusionPath(index % size, group.length, subtreesOf(group)),
    ...inclusionPath(Math.floor(index / size), roots.length, subtreesOf(roots)),
  ];
}

/** Signs a statement; the key's name is the collector's id. */
export function signLineage(
  { boot, from, to, count, root }: Omit<Lineage, 'collector'>,
  key: NoteKey,
): string {
  const lines = [HEADER, `${key.name} ${boot}`, `${from} ${to} ${count}`, root.toString('base64')];
  return signNote(`${lines.join('\n')}\n`, key);
}

/**
 * A statement that one of `keys` has signed about the packets of the collector that it is named after.
 *
 * @throws {NoteError} when it is of another form, or not signed by such a key.
 */
export function openLineage(note: string, keys: readonly NoteKey[]): Lineage {
  const match =
    /^qrng-dd lineage v1\n([a-z0-9-]{1,16}) (\d{1,20})\n(\d{1,20}) (\d{1,20}) (\d{1,9})\n([A-Za-z0-9+/]{43}=)\n$/.exec(
      openNote(note, keys),
    );
  if (match === null) throw new NoteError('not a statement of lineage');
  const [, collector = '', boot = '', from = '', to = '', count = '', root = ''] = match;
  if (!keys.some(({ name }) => name === collector)) {
    throw new NoteError('the statement is about another collector than the one that signed it');
  }
  const lineage = { collector, boot: BigInt(boot), from: BigInt(from), to: BigInt(to), count: Number(count) };
  if (lineage.boot > MAX_U64 || lineage.to > MAX_U64 || lineage.from > lineage.to || lineage.count < 1) {
    throw new NoteError('the numbers of the statement do not fit together');
  }
  return { ...lineage, root: Buffer.from(root, 'base64') };
}

function rootOf(hashes: readonly Buffer[]): Buffer {
  return treeRoot(hashes.length, subtreesOf(hashes));
}
