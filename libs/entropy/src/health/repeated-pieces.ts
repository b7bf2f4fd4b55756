/** Finds 16 bytes that come twice in one block: a counter, a short period, a source that repeats itself. */
import { BLOCK_BYTES } from './block.js';
import { oddNumbers } from './block-hash.js';

const PIECE = 16;
const SLOTS = 4096; // eight for each piece
const SHIFT = 32 - Math.log2(SLOTS);

/**
 * An open-addressing table of the places of the block's pieces at 0, 16, 32, ... It holds no entropy, and the pieces
 * themselves are compared: no false alarm but the 2^-128 of equal ones. A period of p bytes shows within 16 p.
 */
export class RepeatedPieces {
  readonly #keys = oddNumbers();
  readonly #slots = new Int16Array(SLOTS); // place + 1 of a piece, or 0

  /** Whether two of the pieces are equal. */
  test(view: DataView): boolean {
    const slots = this.#slots.fill(0);
    const [a = 1, b = 1, c = 1, d = 1] = this.#keys;
    for (let at = 0; at < BLOCK_BYTES; at += PIECE) {
      const sum =
        Math.imul(view.getInt32(at), a) +
        Math.imul(view.getInt32(at + 4), b) +
        Math.imul(view.getInt32(at + 8), c) +
        Math.imul(view.getInt32(at + 12), d);
      let slot = (sum | 0) >>> SHIFT;
      for (let other = slots[slot] ?? 0; other > 0; other = slots[slot] ?? 0) {
        if (equalPieces(view, at, other - 1)) return true;
        slot = (slot + 1) & (SLOTS - 1);
      }
      slots[slot] = at + 1;
    }
    return false;
  }
}

function equalPieces(view: DataView, a: number, b: number): boolean {
  for (let i = 0; i < PIECE; i += 4) {
    if (view.getUint32(a + i) !== view.getUint32(b + i)) return false;
  }
  return true;
}
