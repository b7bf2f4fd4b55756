/**
 * Finds a 16-byte block that comes twice in one chunk: a counter, a short period, a source that repeats
 * itself.
 */
import { BLOCK, BlockHash, viewOf } from './block-hash.js';

/**
 * An open-addressing table of the positions of the chunk's blocks. It holds no entropy, is allocated once
 * (and again when a longer chunk comes), and compares the blocks themselves: no false alarm but the 2^-128 of
 * equal blocks.
 */
export class RepeatedBlocks {
  readonly #hash = new BlockHash();
  #slots = new Int32Array(1024); // a power of two; position + 1 of a block, or 0

  /** Whether two of the blocks at offsets 0, 16, 32, ... are equal. A period of p bytes shows within 16 p. */
  test(chunk: Uint8Array): boolean {
    const view = viewOf(chunk);
    const slots = this.#emptySlots(chunk.length / BLOCK);
    const mask = slots.length - 1;
    for (let at = 0; at + BLOCK <= chunk.length; at += BLOCK) {
      let slot = this.#hash.of(view, at) & mask;
      for (let other = slots[slot] ?? 0; other > 0; other = slots[slot] ?? 0) {
        if (equalBlocks(view, at, other - 1)) return true;
        slot = (slot + 1) & mask;
      }
      slots[slot] = at + 1;
    }
    return false;
  }

  #emptySlots(blocks: number): Int32Array {
    let size = this.#slots.length;
    while (size < 4 * blocks) size *= 2;
    if (size > this.#slots.length) this.#slots = new Int32Array(size);
    else this.#slots.fill(0);
    return this.#slots;
  }
}

function equalBlocks(view: DataView, a: number, b: number): boolean {
  for (let i = 0; i < BLOCK; i += 4) {
    if (view.getUint32(a + i) !== view.getUint32(b + i)) return false;
  }
  return true;
}
