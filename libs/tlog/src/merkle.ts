/**
 * The Merkle tree of RFC 6962, section 2.1, with SHA-256.
 *
 *   leaf = H(00 || entry)        node = H(01 || left || right)        of n > 1 leaves the left part has the largest 2^k < n
 */
import { createHash } from 'node:crypto';

export const HASH_BYTES = 32;

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

/** The hash of the complete subtree over the 2^level leaves from `index * 2^level` on. */
export type SubtreeHash = (level: number, index: number) => Buffer;

/** The hash of an entry, 32 bytes. */
export function leafHash(entry: Uint8Array): Buffer {
  return createHash('sha256').update(LEAF).update(entry).digest();
}

/** The hash of a node over its two children. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}

/** The root of a tree of `size` leaves; an empty tree has the hash of nothing. */
export function treeRoot(size: number, subtree: SubtreeHash): Buffer {
  return size === 0 ? createHash('sha256').digest() : rangeHash(0, size, subtree);
}

/**
 * The inclusion path of leaf `index` in a tree of `size` leaves: siblings from the leaf up (RFC 6962, section 2.1.1).
 *
 * @throws {RangeError} when there is no such leaf.
 */
export function inclusionPath(index: number, size: number, subtree: SubtreeHash): Buffer[] {
  if (!(index >= 0 && index < size)) throw new RangeError(`leaf ${index} is not in a tree of ${size}`);
  const path: Buffer[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + largestPowerBelow(to - from);
    path.push(index < middle ? rangeHash(middle, to, subtree) : rangeHash(from, middle, subtree));
    if (index < middle) to = middle;
    else from = middle;
  }
  return path.reverse();
}

/**
 * The proof that a tree of `size` leaves begins with the tree of `before` leaves (RFC 6962, section 2.1.2).
 *
 * @throws {RangeError} unless 0 < before <= size.
 */
export function consistencyPath(before: number, size: number, subtree: SubtreeHash): Buffer[] {
  if (!(before > 0 && before <= size)) {
    throw new RangeError(`a tree of ${size} does not begin with one of ${before}`);
  }
  const path: Buffer[] = [];
  let [from, to] = [0, size];
  let isWhole = true; // whether the part of the old tree that is left is one that the verifier knows: its root
  while (before !== to) {
    const middle = from + largestPowerBelow(to - from);
    if (before <= middle) {
      path.push(rangeHash(middle, to, subtree));
      to = middle;
    } else {
      path.push(rangeHash(from, middle, subtree));
      from = middle;
      isWhole = false;
    }
  }
  if (!isWhole) path.push(rangeHash(from, to, subtree));
  return path.reverse();
}

/** The root that a tree of `size` leaves has if `leaf` is its leaf `index`; undefined when the path is of another length. */
export function rootByPath(
  leaf: Buffer,
  index: number,
  size: number,
  path: readonly Buffer[],
): Buffer | undefined {
  if (!(index >= 0 && index < size)) return undefined;
  let hash = leaf;
  const isWhole = climb(index, size - 1, path, (sibling, isLeft) => {
    hash = isLeft ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
  });
  return isWhole ? hash : undefined;
}

/** A state of a log. */
export interface TreeState {
  readonly size: number;
  readonly root: Buffer;
}

/** Whether `path` proves that the log in state `after` begins with the log in state `before`. */
export function isConsistent(before: TreeState, after: TreeState, path: readonly Buffer[]): boolean {
  if (before.size === 0) return path.length === 0;
  if (before.size >= after.size) {
    return path.length === 0 && before.size === after.size && before.root.equals(after.root);
  }
  const [first, ...siblings] = isPowerOfTwo(before.size) ? [before.root, ...path] : path;
  if (first === undefined) return false;
  let [at, last] = [before.size - 1, after.size - 1];
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  let [old, now] = [first, first];
  const isWhole = climb(at, last, siblings, (sibling, isLeft) => {
    if (isLeft) old = nodeHash(sibling, old);
    now = isLeft ? nodeHash(sibling, now) : nodeHash(now, sibling);
  });
  return isWhole && old.equals(before.root) && now.equals(after.root);
}

/** Goes from node `at` of a level whose last node is `last` up along the siblings (RFC 9162, 2.1.3.2); whether that ends at the root. */
function climb(
  at: number,
  last: number,
  path: readonly Buffer[],
  step: (sibling: Buffer, isLeft: boolean) => void,
): boolean {
  for (const sibling of path) {
    if (last === 0) return false;
    const isLeft = at % 2 === 1 || at === last;
    step(sibling, isLeft);
    while (isLeft && at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    [at, last] = [half(at), half(last)];
  }
  return last === 0;
}

function half(number: number): number {
  return Math.floor(number / 2);
}

/** Subtree hashes of leaves that are all in memory. */
export function subtreesOf(leaves: readonly Buffer[]): SubtreeHash {
  return function hash(level, index): Buffer {
    if (level > 0) return nodeHash(hash(level - 1, 2 * index), hash(level - 1, 2 * index + 1));
    const leaf = leaves[index];
    if (leaf === undefined) throw new RangeError(`there is no leaf ${index}`);
    return leaf;
  };
}

/** The hash of the subtree over the leaves from `from` to before `to`, which RFC 6962's rule has cut out. */
function rangeHash(from: number, to: number, subtree: SubtreeHash): Buffer {
  const size = to - from;
  if (isPowerOfTwo(size)) return subtree(Math.log2(size), from / size);
  const middle = from + largestPowerBelow(size);
  return nodeHash(rangeHash(from, middle, subtree), rangeHash(middle, to, subtree));
}

/** The largest power of two below `size`, which is at least 2. No bit operations: sizes go beyond 2^31. */
function largestPowerBelow(size: number): number {
  let power = 1;
  while (2 * power < size) power *= 2;
  return power;
}

function isPowerOfTwo(size: number): boolean {
  return size === 1 || 2 * largestPowerBelow(size) === size;
}
