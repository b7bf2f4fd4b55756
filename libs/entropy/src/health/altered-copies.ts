/**
 * Bytes that came before and were changed on the way: complemented, with the bits or the bytes of a word the other way round, shifted by
 * some bits. Looks for the marks that seen-bytes.ts has of what came, in the block changed back, in one way after the other.
 */
import { Anchors } from './anchors.js';
import { BLOCK_BYTES } from './block.js';
import type { SeenBytes } from './seen-bytes.js';

type Change = (block: Uint8Array, into: Uint8Array) => void;

const mirror = (value: number): number => {
  let mirrored = 0;
  for (let bit = 0; bit < 8; bit++) mirrored |= ((value >> bit) & 1) << (7 - bit);
  return mirrored;
};

/** An odd number of them (source-health.ts). */
const CHANGES: readonly Change[] = [
  eachByte((value) => value ^ 0xff),
  eachByte(mirror),
  eachByte((value) => mirror(value ^ 0xff)),
  eachByte((value) => ((value << 4) | (value >> 4)) & 0xff),
  ...[0, 1].map((from) => swapped(2, from)),
  ...[0, 1, 2, 3].map((from) => swapped(4, from)),
  ...[1, 2, 3, 4, 5, 6, 7].map(shifted),
];

export class AlteredCopies {
  readonly #changed = new Uint8Array(BLOCK_BYTES);
  readonly #anchors = new Anchors(BLOCK_BYTES);
  #turn = 0;

  constructor(private readonly seen: SeenBytes) {}

  /** Whether a part of `block`, changed in one way, came before; looks at that way again then, or else at the next. */
  test(block: Uint8Array): boolean {
    CHANGES[this.#turn % CHANGES.length]?.(block, this.#changed);
    this.#anchors.find(this.#changed);
    const found = this.seen.knows(this.#changed, this.#anchors);
    this.#changed.fill(0);
    if (!found) this.#turn++;
    return found;
  }
}

function eachByte(change: (value: number) => number): Change {
  const changed = Uint8Array.from({ length: 256 }, (_, value) => change(value));
  return (block, into) => {
    for (let i = 0; i < BLOCK_BYTES; i++) into[i] = changed[block[i] ?? 0] ?? 0;
  };
}

/** The bytes of each word of 2 or 4 from `from` on the other way round. */
function swapped(size: 2 | 4, from: number): Change {
  return (block, into) => {
    into.set(block);
    const words = Buffer.from(into.buffer, from, BLOCK_BYTES - size);
    if (size === 2) words.swap16();
    else words.swap32();
  };
}

function shifted(bits: number): Change {
  return (block, into) => {
    for (let i = 0; i + 1 < BLOCK_BYTES; i++) {
      into[i] = ((block[i] ?? 0) << bits) | ((block[i + 1] ?? 0) >>> (8 - bits));
    }
  };
}
