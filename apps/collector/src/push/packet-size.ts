/**
 * How many bytes the next packet takes: pure. One packet is on its way at a time, so over a long round trip only larger ones
 * carry more; and a pool with room for less than a packet takes smaller ones.
 */

/** A larger packet takes longer; one that takes longer than this is large enough. */
const QUICK_MS = 1000;
/** A pool that is full for a moment takes the same packet a little later. */
const REFUSALS = 3;
/** Nobody's pool is smaller. */
const LEAST_BYTES = 256;

export class PacketSize {
  #limit: number;
  #refusals = 0;

  /**
   * @param usual bytes of a packet where nothing asks for more or less.
   * @param most bytes that a packet can have.
   */
  constructor(
    private readonly usual: number,
    private readonly most: number,
  ) {
    this.#limit = Math.min(usual, most);
  }

  /** The most bytes that the next packet should have. */
  get limit(): number {
    return this.#limit;
  }

  /** A packet with `bytes` of entropy was taken after `ms`: while more waits, and it was quick, the next one is twice as large. */
  taken(bytes: number, ms: number): void {
    this.#refusals = 0;
    if (bytes < this.#limit) return;
    if (ms < QUICK_MS || this.#limit < this.usual) this.#limit = Math.min(2 * this.#limit, this.most);
    else this.#limit = Math.max(this.#limit >> 1, Math.min(this.usual, this.most));
  }

  /** The pool had no room for a packet with `bytes` of entropy. */
  refused(bytes: number): void {
    if (++this.#refusals >= REFUSALS) this.#limit = Math.max(bytes >> 1, Math.min(bytes, LEAST_BYTES));
  }

  /** Nobody knows what became of a packet: it was too slow, or the network is bad. */
  lost(): void {
    this.#limit = Math.min(this.#limit, this.usual);
  }
}
