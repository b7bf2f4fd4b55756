/**
 * Everything that is counted of a block, in one pass: 1 ns a byte where a loop for each test takes 3.
 *
 *   counts      how often each byte value comes: stuck bits, missing values
 *   sum, squares, ones   of the bytes, of the counts squared, of the bits: correlation, chi-square, bias
 *   proportion  the highest count of a window's first byte within its window of 512: the adaptive proportion test
 *   products    sum of the products of neighbours: their correlation
 */
import { ONES } from './bias.js';
import { BLOCK_BYTES } from './block.js';
import { PROPORTION_WINDOW } from './cutoffs.js';

export class BlockPass {
  readonly counts = new Int32Array(256);
  sum = 0;
  squares = 0;
  ones = 0;
  proportion = 0;
  products = 0;
  // A second table, so that equal bytes close to each other do not wait for one another's store.
  readonly #other = new Int32Array(256);

  /** Counts `block`, which has BLOCK_BYTES; what was counted before is forgotten. */
  read(block: Uint8Array): void {
    const { counts } = this;
    const other = this.#other;
    counts.fill(0);
    other.fill(0);
    this.proportion = 0;
    this.products = 0;
    for (let start = 0; start < BLOCK_BYTES; start += PROPORTION_WINDOW) {
      const first = block[start] ?? 0;
      const before = this.#countOf(first);
      this.#readWindow(block, start);
      this.proportion = Math.max(this.proportion, this.#countOf(first) - before);
    }
    this.#add();
  }

  #add(): void {
    const { counts } = this;
    const other = this.#other;
    let sum = 0;
    let squares = 0;
    let ones = 0;
    for (let value = 0; value < 256; value++) {
      const count = (counts[value] ?? 0) + (other[value] ?? 0);
      counts[value] = count;
      sum += Math.imul(count, value);
      squares += Math.imul(count, count);
      ones += Math.imul(count, ONES[value] ?? 0);
    }
    this.sum = sum;
    this.squares = squares;
    this.ones = ones;
  }

  #countOf(value: number): number {
    return (this.counts[value] ?? 0) + (this.#other[value] ?? 0);
  }

  #readWindow(block: Uint8Array, start: number): void {
    const { counts } = this;
    const other = this.#other;
    let products = 0;
    let last = start === 0 ? 0 : (block[start - 1] ?? 0);
    for (let i = start; i < start + PROPORTION_WINDOW; i += 4) {
      const a = block[i] ?? 0;
      const b = block[i + 1] ?? 0;
      const c = block[i + 2] ?? 0;
      const d = block[i + 3] ?? 0;
      counts[a] = (counts[a] ?? 0) + 1;
      other[b] = (other[b] ?? 0) + 1;
      counts[c] = (counts[c] ?? 0) + 1;
      other[d] = (other[d] ?? 0) + 1;
      // Multiplied as whole numbers: a * b could be -0, and both could be too large, for all that V8 knows.
      products = (products + Math.imul(a, last + b) + Math.imul(c, b + d)) | 0;
      last = d;
    }
    this.products += products;
  }
}
