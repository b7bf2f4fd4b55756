/**
 * A carriage return and line feed that never comes: something on the way reads the bytes as text, and makes one line feed of the two.
 * (The other way, two of one, shows in the counts of byte values.)
 */
import { BLOCK_BYTES } from './block.js';

/** Blocks without one: (1 - 2^-16)^(384 * 8191) = 2^-69. */
const BLOCKS = 384;
export const LINE_ENDS_WINDOW = BLOCKS * BLOCK_BYTES;
const LINE_END = '\r\n';

export class LineEnds {
  #without = 0;

  /** Whether `block` completes a window without one. */
  test(block: Uint8Array): boolean {
    const has = Buffer.from(block.buffer, block.byteOffset, block.length).includes(LINE_END);
    this.#without = has ? 0 : this.#without + 1;
    return this.#without >= BLOCKS;
  }
}
