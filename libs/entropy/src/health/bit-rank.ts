/**
 * Bytes that are sums of others: each fourth the xor of the three before, a parity byte in each word, the output of a shift register
 * that is too long for linear-complexity.ts.
 *
 * Not of SP 800-90B; NIST SP 800-22 has it as the binary matrix rank test. A square matrix of bits over GF(2), one row for each
 * 32, 24, 28 or 20 bytes in turn: what depends on its neighbours in words, packets or groups of 2 to 8, 10, 12, 14 or 16 bytes does so in each row
 * alike, and each bit of such a dependence takes 1 from the rank.
 */
import { viewOf } from './block-hash.js';
import { type Cutoffs, type Tier, tierOf } from './tier.js';

/** How much of the rank is missing: 2^-47 and 2^-62. P(n - r) of a random n x n matrix is about 3.5 * 2^-(n - r)^2. */
export const RANK_CUTOFFS: Cutoffs = { soft: 7, hard: 8 };
/** Words of 32 bits in a row; the largest matrix takes a whole block. */
const ROW_WORDS = [8, 6, 7, 5] as const;
const MOST_BITS = 256;
const MOST_WORDS = 8;

export class BitRank {
  readonly #row = new Int32Array(MOST_WORDS);
  /** Of each leading bit the row that has it. */
  readonly #basis = new Int32Array(MOST_BITS * MOST_WORDS);
  readonly #taken = new Uint8Array(MOST_BITS);
  #turn = 0;

  /** Looks at the matrix of one width in `block`; another one each time. */
  test(block: Uint8Array): Tier {
    const words = ROW_WORDS[this.#turn++ % ROW_WORDS.length] ?? MOST_WORDS;
    const tier = tierOf(32 * words - this.rank(block, words), RANK_CUTOFFS);
    this.#row.fill(0);
    this.#basis.fill(0);
    return tier;
  }

  /** The rank of the first 32 * words rows of `words` words each. */
  rank(block: Uint8Array, words: number): number {
    const view = viewOf(block);
    this.#taken.fill(0);
    let rank = 0;
    for (let at = 0; at < 128 * words * words; at += 4 * words) {
      for (let k = 0; k < words; k++) this.#row[k] = view.getInt32(at + 4 * k);
      if (this.#add(words)) rank++;
    }
    return rank;
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
          basis.set(row, place);
          return true;
        }
        for (let i = k; i < words; i++) row[i] = (row[i] ?? 0) ^ (basis[place + i] ?? 0);
      }
    }
    return false;
  }
}
