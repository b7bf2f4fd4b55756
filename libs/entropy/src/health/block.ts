/** Cuts the stream of a source into the blocks that are judged, whatever the sizes of its answers. */

/**
 * Bytes that are judged together, and leave together or not at all. Windows of the repetition count, the adaptive
 * proportion, the chi-square and all other tests that decide about single blocks lie within it.
 */
export const BLOCK_BYTES = 8192;

export class BlockCutter {
  readonly #rest = Buffer.allocUnsafeSlow(BLOCK_BYTES).fill(0);
  #held = 0;

  /** Bytes that wait for the rest of their block. */
  get held(): number {
    return this.#held;
  }

  /**
   * The blocks that `chunk` completes, in order. A block is valid until the next one is asked for: it is a view of
   * `chunk`, or of this object's own memory, which is wiped then. Stop asking, and the rest of `chunk` is left out.
   */
  *cut(chunk: Buffer): Generator<Buffer, void, void> {
    let at = 0;
    if (this.#held > 0) {
      at = chunk.copy(this.#rest, this.#held);
      this.#held += at;
      if (this.#held < BLOCK_BYTES) return;
      this.#held = 0;
      try {
        yield this.#rest;
      } finally {
        this.#rest.fill(0);
      }
    }
    for (; at + BLOCK_BYTES <= chunk.length; at += BLOCK_BYTES) yield chunk.subarray(at, at + BLOCK_BYTES);
    this.#held = chunk.copy(this.#rest, 0, at);
  }

  /** Wipes the bytes that wait; returns how many there were. */
  drop(): number {
    const dropped = this.#held;
    this.#rest.fill(0);
    this.#held = 0;
    return dropped;
  }
}
