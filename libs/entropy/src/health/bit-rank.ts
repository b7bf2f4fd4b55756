/**
 * Bits that are sums of others: each fourth byte the xor of the three before, a parity bit in each word, a checksum that closes each
 * packet, the output of a shift register that is too long for linear-complexity.ts.
 *
 * Not of SP 800-90B; NIST SP 800-22 has a binary matrix rank test. Rows of 15 to 28 bytes, or of 32, one behind the other, in a matrix
 * over GF(2). What depends on its neighbours in words or packets does so in each row alike, as long as each row has a whole
 * packet: of up to 14 and of 16 bytes wherever they begin; of up to 28 and of 32 where a row begins with a packet, which is tried at
 * each place in turn. One bit that depends on others is enough, and the last bit of a sum is one, too.
 */
import { BLOCK_BYTES } from './block.js';
import { viewOf } from './block-hash.js';

/**
 * So many more rows than columns: each of the 2^n - 1 sums of columns is zero in all of n + 64 rows with 2^-(n + 64), so a random
 * matrix lacks any of its rank with less than 2^-64.
 */
export const SPARE_ROWS = 64;
/** Bytes of a row. The matrix of 28 takes nearly a whole block; that of 32 goes on in the next one. */
const WIDTHS = [32, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15] as const;
const MOST_BITS = 256;
const MOST_WORDS = 8;

export class BitRank {
  readonly #row = new Int32Array(MOST_WORDS);
  /** Of each leading bit the row that has it. */
  readonly #basis = new Int32Array(MOST_BITS * MOST_WORDS);
  readonly #taken = new Uint8Array(MOST_BITS);
  #turn = 0;
  #rows = 0;
  #rank = 0;

  /** Whether a matrix that `block` completes lacks some of its rank; that shape is looked at again then, or else another one. */
  test(block: Uint8Array): boolean {
    const width = WIDTHS[this.#turn % WIDTHS.length] ?? 16;
    const offset = Math.floor(this.#turn / WIDTHS.length) % width;
    const full = this.#read(block, width, offset);
    // Where rows lie alike in each block, more blocks can give the rest of them.
    if (!full && this.#rows < 8 * width + SPARE_ROWS && BLOCK_BYTES % width === 0) return false;
    this.#row.fill(0);
    this.#basis.fill(0);
    this.#taken.fill(0);
    this.#rows = this.#rank = 0;
    if (full) this.#turn++;
    return !full;
  }

  /** Adds rows of `width` bytes from `offset` on; returns whether the rank is full, which ends it. */
  #read(block: Uint8Array, width: number, offset: number): boolean {
    const view = viewOf(block);
    const row = this.#row;
    const words = Math.ceil(width / 4);
    const last = -1 << (8 * (4 * words - width)); // of the last word, what is part of the row
    const most = 8 * width + SPARE_ROWS;
    for (let at = offset; at + 4 * words <= BLOCK_BYTES && this.#rows < most; at += width, this.#rows++) {
      for (let k = 0; k < words; k++) row[k] = view.getInt32(at + 4 * k);
      row[words - 1] = (row[words - 1] ?? 0) & last;
      if (this.#add(words) && ++this.#rank === 8 * width) return true;
    }
    return false;
  }

  /** Whether the row is no sum of those in the basis; it is added then. */
  #add(words: number): boolean {
    const row = this.#row;
    const basis = this.#basis;
    for (let k = 0; k < words; k++) {
      for (let word = row[k] ?? 0; word !== 0; word = row[k] ?? 0) {
        const lead = 32 * k + Math.clz32(word);
        const place = lead * MOST_WORDS;
        if (this.#taken[lead] === 0) {
          this.#taken[lead] = 1;
          for (let i = k; i < words; i++) basis[place + i] = row[i] ?? 0;
          return true;
        }
        for (let i = k; i < words; i++) row[i] = (row[i] ?? 0) ^ (basis[place + i] ?? 0);
      }
    }
    return false;
  }
}
