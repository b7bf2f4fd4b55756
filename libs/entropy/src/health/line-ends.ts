/**
 * A carriage return and line feed that never comes: something on the way reads the bytes as text, and makes one line feed of the two.
 * (The other way, two of one, shows in the counts of byte values.)
 */
import { BLOCK_BYTES } from './block.js';

/** Blocks of a window, all without one: (1 - 2^-16)^(384 * 8191) = 2^-69. */
const BLOCKS = 384;
export const LINE_ENDS_WINDOW = BLOCKS * BLOCK_BYTES;
const LINE_END = Buffer.from('\r\n');

export class LineEnds {
  #blocks = 0;
  #has = false;

  /** Whether `block` completes a window without one. Behind the first one of a window nobody looks for more. */
  test(block: Uint8Array): boolean {
    this.#has ||= Buffer.from(block.buffer, block.byteOffset, block.length).includes(LINE_END);
    if (++this.#blocks < BLOCKS) return false;
    const lacks = !this.#has;
    this.#blocks = 0;
    this.#has = false;
    return lacks;
  }
}
