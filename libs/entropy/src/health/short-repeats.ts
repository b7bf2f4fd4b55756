/**
 * Four bytes in a row that come twice in a block, too often: a word of a FIFO that is read again, a byte that is any function of the two or
 * three before, short texts. The other tests for repetitions need 12 bytes or 16.
 *
 * Not of SP 800-90B. Among the 8189 pieces of a block there are 8189 * 8188 / 2 pairs, each equal with 2^-32: 1.0 in 128 blocks, and the
 * number of them is Poisson's but for overlaps, of which one is counted.
 */
import { randomBytes } from 'node:crypto';
import { BLOCK_BYTES } from './block.js';
import { type Cutoffs, type Tier, tierOf } from './tier.js';

/** Blocks of a window. */
export const REPEATS_BLOCKS = 128;
/** Poisson of mean 1: 2^-45 and 2^-62. */
export const REPEATS_CUTOFFS: Cutoffs = { soft: 16, hard: 20 };
const PIECE = 4;
const SLOT_BITS = 14;

export class ShortRepeats {
  /** The latest piece of each slot; only this process knows which slot a piece has. */
  readonly #slots = new Int32Array(2 ** SLOT_BITS);
  readonly #key = randomBytes(4).readInt32LE() | 0x4000_0001;
  /** Blocks of the window that were looked at. */
  looked = 0;
  #found = 0;

  /** Counts those of `block`, and judges where there are any. */
  test(block: Uint8Array): Tier {
    if (this.looked === REPEATS_BLOCKS) this.looked = this.#found = 0;
    this.looked++;
    const found = this.#count(block);
    this.#found += found;
    return found > 0 ? tierOf(this.#found, REPEATS_CUTOFFS) : 'pass';
  }

  #count(block: Uint8Array): number {
    const slots = this.#slots.fill(0);
    slots[0] = 1; // an empty slot holds 0, whose own slot is 0, where 1 never belongs
    const key = this.#key;
    let found = 0;
    let lastAt = -PIECE;
    let piece = ((block[0] ?? 0) << 16) | ((block[1] ?? 0) << 8) | (block[2] ?? 0);
    for (let i = PIECE - 1; i < BLOCK_BYTES; i++) {
      piece = (piece << 8) | (block[i] ?? 0);
      const slot = Math.imul(piece, key) >>> (32 - SLOT_BITS);
      if (slots[slot] === piece) {
        if (i - lastAt >= PIECE) found++;
        lastAt = i;
      } else slots[slot] = piece;
    }
    slots.fill(0);
    return found;
  }
}
