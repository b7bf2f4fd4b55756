/**
 * What a collector signs about its packets, so that a gateway cannot invent one: a signed note over the root of a Merkle tree.
 *
 *   qrng-dd lineage v1
 *   COLLECTOR BOOT                  of this run
 *   FROM TO                         the first and the last sequence number that the tree has a leaf for
 *   BASE64 ROOT                     of the tree with a leaf for each number from FROM to TO
 *
 * A leaf is the sequence number (u64, big-endian) and the digest of the packet; the SHA-256 of nothing where the number was a
 * heartbeat's or was not used. Packets can be lost on the way, and with them their leaves, so the roots of groups go beside the
 * note: anyone who knows one whole group can prove its packets.
 */
import { createHash } from 'node:crypto';
import { HASH_BYTES, inclusionPath, leafHash, rootByPath, subtreesOf, treeRoot } from './merkle.js';
import { NoteError, openNote, signNote } from './signed-note.js';
import type { NoteKey } from './signed-note.js';

const HEADER = 'qrng-dd lineage v1';
const MAX_U64 = 2n ** 64n - 1n;
/** A statement covers fewer packets than this; it bounds what a verifier computes. */
const MAX_LEAVES = 2 ** 20;
const NO_DATA = createHash('sha256').digest();

/** The packets that a statement is about, of one run of a collector; `root` is that of the tree over them. */
export interface Lineage {
  readonly collector: string;
  readonly boot: bigint;
  readonly from: bigint;
  readonly to: bigint;
  readonly root: Buffer;
}

/** The roots of groups of `size` leaves each (a power of two); the last group may have fewer. */
export interface LineageGroups {
  readonly size: number;
  readonly roots: readonly Buffer[];
}

/**
 * What stands for a packet in statements and receipts: SHA-256 of its MAC and its data. Without the MAC, which nobody can compute
 * who lacks the HMAC key, anyone who has drawn all but a few bytes of a packet could find the others by trying.
 */
export function packetDigest({ mac, data }: { readonly mac: Uint8Array; readonly data: Uint8Array }): Buffer {
  return createHash('sha256').update(mac).update(data).digest();
}

/** The hash of a leaf. @param digest of the packet; none for a number without entropy. */
export function lineageLeaf(sequence: bigint, digest: Buffer = NO_DATA): Buffer {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(sequence);
  return leafHash(Buffer.concat([number, digest]));
}

/** The groups of a tree over `leaves`, at most `most` of them. */
export function lineageGroups(leaves: readonly Buffer[], most: number): LineageGroups {
  let size = 1;
  while (Math.ceil(leaves.length / size) > most) size *= 2;
  const roots: Buffer[] = [];
  for (let at = 0; at < leaves.length; at += size) roots.push(lineageRoot(leaves.slice(at, at + size)));
  return { size, roots };
}

/** The root over the leaves of a group, or over the roots of all groups: that of the tree over all leaves. */
export function lineageRoot(hashes: readonly Buffer[]): Buffer {
  return treeRoot(hashes.length, subtreesOf(hashes));
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

/** The statement as a signed note; the key's name is the collector's id. */
export function signLineage(lineage: Omit<Lineage, 'collector'>, key: NoteKey): string {
  return signNote(textOf({ ...lineage, collector: key.name }), key);
}

/** The signature of a note that `signLineage` made, in base64; the rest of the note follows from what it says. */
export function signatureOf(note: string): string {
  return note.trimEnd().slice(note.trimEnd().lastIndexOf(' ') + 1);
}

/** The signed note again, from what it says and its signature. */
export function lineageNote(lineage: Lineage, signature: string): string {
  return `${textOf(lineage)}\n— ${lineage.collector} ${signature}\n`;
}

/**
 * A statement that one of `keys` has signed about the packets of the collector that it is named after.
 *
 * @throws {NoteError} when it is of another form, or not signed by such a key.
 */
export function openLineage(note: string, keys: readonly NoteKey[]): Lineage {
  const match =
    /^qrng-dd lineage v1\n([a-z0-9-]{1,16}) (\d{1,20})\n(\d{1,20}) (\d{1,20})\n([A-Za-z0-9+/]{43}=)\n$/.exec(
      openNote(note, keys),
    );
  if (match === null) throw new NoteError('not a statement of lineage');
  const [, collector = '', boot = '', from = '', to = '', root = ''] = match;
  if (!keys.some(({ name }) => name === collector)) {
    throw new NoteError('the statement is about another collector than the one that signed it');
  }
  const lineage = { collector, boot: BigInt(boot), from: BigInt(from), to: BigInt(to) };
  if (lineage.boot > MAX_U64 || lineage.to > MAX_U64 || lineageSize(lineage) === undefined) {
    throw new NoteError('the numbers of the statement do not fit together');
  }
  return { ...lineage, root: Buffer.from(root, 'base64') };
}

/** How many leaves a statement from `from` to `to` has; undefined where there is no such statement. */
export function lineageSize({ from, to }: Pick<Lineage, 'from' | 'to'>): number | undefined {
  const size = to - from + 1n;
  return size >= 1n && size <= BigInt(MAX_LEAVES) ? Number(size) : undefined;
}

/** The root that `path` leads to from the packet with this number and digest; undefined where the statement is not about it. */
export function rootOfPacket(
  range: Pick<Lineage, 'from' | 'to'>,
  packet: { readonly sequence: bigint; readonly digest: Buffer },
  path: readonly Buffer[],
): Buffer | undefined {
  const size = lineageSize(range) ?? 0;
  const index = packet.sequence - range.from;
  if (index < 0n || index >= BigInt(size) || packet.digest.length !== HASH_BYTES) return undefined;
  return rootByPath(lineageLeaf(packet.sequence, packet.digest), Number(index), size, path);
}

function textOf({ collector, boot, from, to, root }: Lineage): string {
  return `${HEADER}\n${collector} ${boot}\n${from} ${to}\n${root.toString('base64')}\n`;
}
