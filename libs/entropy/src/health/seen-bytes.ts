/**
 * Remembers what came lately, to recognise bytes that come again: a cache in the way of a source, or two
 * sources that deliver the same bytes.
 *
 * Of each chunk it marks the first 16 bytes, and 16 bytes from each place where one certain byte stands (1 in
 * 256). The marks depend on what the bytes are, not on where they stand: a copy is recognised at any offset,
 * cut in other chunks, from another source, at another time. Of a copy of n bytes about n / 256 marks tell.
 */
import { BLOCK, BlockHash, viewOf } from './block-hash.js';

const ANCHOR = 0xa7; // any value would do
const SLOTS = 65_536; // a power of two; marks of about the last 16 MiB

/**
 * Bounded: a newer mark replaces an older one in the same slot. Of a mark only 64 bits of keyed hash are
 * kept, no entropy. A false alarm needs equal hashes in one slot: 2^-64 a mark, at 30 MB/s one in 5 million
 * years.
 */
export class SeenBytes {
  readonly #place = new BlockHash();
  readonly #low = new BlockHash();
  readonly #high = new BlockHash();
  readonly #lows = new Uint32Array(SLOTS);
  readonly #highs = new Uint32Array(SLOTS);
  readonly #owners = new Uint16Array(SLOTS); // index of the source + 1, or 0
  readonly #sources: string[] = [];

  /**
   * Looks `chunk` up and remembers it.
   *
   * @param source who delivers it.
   * @returns who delivered a part of it before (the same source, or another one), or undefined.
   */
  recognise(chunk: Uint8Array, source: string): string | undefined {
    if (chunk.length < BLOCK) return undefined;
    const view = viewOf(chunk);
    const owner = this.#ownerOf(source);
    let seen = this.#mark(view, 0, owner);
    const last = chunk.length - BLOCK;
    for (let at = chunk.indexOf(ANCHOR, 1); at > 0 && at <= last; at = chunk.indexOf(ANCHOR, at + 1)) {
      seen = this.#mark(view, at, owner) || seen;
    }
    return this.#sources[seen - 1];
  }

  /** Marks the 16 bytes at `at`. @returns the owner of the same mark, or 0. */
  #mark(view: DataView, at: number, owner: number): number {
    const slot = this.#place.of(view, at) & (SLOTS - 1);
    const low = this.#low.of(view, at);
    const high = this.#high.of(view, at);
    const seen = this.#lows[slot] === low && this.#highs[slot] === high ? this.#owners[slot] : 0;
    this.#lows[slot] = low;
    this.#highs[slot] = high;
    this.#owners[slot] = owner;
    return seen ?? 0;
  }

  #ownerOf(source: string): number {
    const index = this.#sources.indexOf(source);
    return index >= 0 ? index + 1 : this.#sources.push(source);
  }
}
