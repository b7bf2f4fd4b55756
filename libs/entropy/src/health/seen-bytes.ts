/**
 * Remembers what came before, to recognise bytes that come again: a cache in the way of a source, a recording that is
 * played in a circle, two sources that deliver the same bytes.
 *
 * Of each block it marks the first bytes, and those from each anchor (1 byte in 256) on. The marks depend on what the
 * bytes are, not on where they stand: a copy is recognised at any offset, from another source, at another time. Of a copy
 * of n bytes about n / 256 marks give it away. Of 256 anchors one is marked in a second table, which reaches further back.
 */
import type { Anchors } from './anchors.js';
import { MARK_BYTES, MarkHash, viewOf } from './block-hash.js';

/** A power of two: marks of about the last 16 MiB in the first table, of 4 GiB in the second. */
const SLOTS = 65_536;
/** Of the ends of answers: a header or a page around the bytes comes again with the next ones. */
const END_SLOTS = 4096;
/** In smaller answers the same ends are a part of the bytes that all other tests find. */
const LEAST_ANSWER = 1024;

export class SeenBytes {
  readonly #near = new Marks(SLOTS);
  readonly #far = new Marks(SLOTS);
  readonly #ends = new Marks(END_SLOTS);
  readonly #sources: string[] = [];

  /**
   * Looks `block` up and remembers it.
   *
   * @param source who delivers it.
   * @param span bytes of a mark, a multiple of MARK_BYTES: as many as have 96 bits of entropy.
   * @returns who delivered a part of it before (the same source, or another one), or undefined.
   */
  recognise(block: Uint8Array, anchors: Anchors, source: string, span = MARK_BYTES): string | undefined {
    const view = viewOf(block);
    const owner = this.#ownerOf(source);
    let seen = this.#near.mark(view, 0, span, owner);
    const last = block.length - span;
    for (let i = 0; i < anchors.length; i++) {
      const at = anchors.at[i] ?? 0;
      if (at > last) break;
      if (at > 0) seen = this.#near.mark(view, at, span, owner) || seen;
      if (block[at + 1] === 0) seen = this.#far.mark(view, at, span, owner) || seen;
    }
    return this.#sources[seen - 1];
  }

  /** Looks up, and does not remember, whether a part of `bytes` came before. */
  knows(bytes: Uint8Array, anchors: Anchors): boolean {
    const view = viewOf(bytes);
    const last = bytes.length - MARK_BYTES;
    for (let i = 0; i < anchors.length; i++) {
      const at = anchors.at[i] ?? 0;
      if (at <= last && this.#near.ownerOf(view, at, MARK_BYTES) > 0) return true;
    }
    return false;
  }

  /** Whether the first or the last `span` bytes of an answer of `source` were at an end of one before; remembers them. */
  recogniseEnds(answer: Uint8Array, source: string, span = MARK_BYTES): boolean {
    if (answer.length < Math.max(LEAST_ANSWER, 2 * span)) return false;
    const view = viewOf(answer);
    const owner = this.#ownerOf(source);
    const first = this.#ends.mark(view, 0, span, owner);
    const last = this.#ends.mark(view, answer.length - span, span, owner);
    return first === owner || last === owner;
  }

  #ownerOf(source: string): number {
    const index = this.#sources.indexOf(source);
    return index >= 0 ? index + 1 : this.#sources.push(source);
  }
}

/**
 * Bounded: a newer mark replaces an older one in the same slot. Of a mark only 64 bits of keyed hash are
 * kept, no entropy. A false alarm needs equal hashes in one slot: 2^-64 a mark.
 */
class Marks {
  readonly #hash = new MarkHash();
  /** Of each slot: low, high, index of the source + 1 or 0, nothing. Side by side, so that they come from memory at once. */
  readonly #slots: Int32Array;

  /** @param slots a power of two. */
  constructor(private readonly slots: number) {
    this.#slots = new Int32Array(4 * slots);
  }

  /** The owner of a mark of the `span` bytes at `at`, or 0. */
  ownerOf(view: DataView, at: number, span: number): number {
    const hash = this.#hash;
    const slots = this.#slots;
    hash.read(view, at, span);
    const slot = 4 * (hash.place & (this.slots - 1));
    return slots[slot] === hash.low && slots[slot + 1] === hash.high ? (slots[slot + 2] ?? 0) : 0;
  }

  /** Marks the `span` bytes at `at`. @returns the owner of the same mark, or 0. */
  mark(view: DataView, at: number, span: number, owner: number): number {
    const seen = this.ownerOf(view, at, span);
    const { place, low, high } = this.#hash;
    const slots = this.#slots;
    const slot = 4 * (place & (this.slots - 1));
    slots[slot] = low;
    slots[slot + 1] = high;
    slots[slot + 2] = owner;
    return seen;
  }
}
