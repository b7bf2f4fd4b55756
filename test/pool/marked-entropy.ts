/**
 * Bytes that can be told apart. Block i of 16 bytes is AES-128(key, i): anyone who is served a block knows which one it is,
 * so that a second copy of it, or one that was never sent, is found among any number of them.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const BLOCK_BYTES = 16;

export class MarkedEntropy {
  readonly #key = randomBytes(16);
  readonly #timesServed: Uint8Array;
  #made = 0;

  /**
   * Bytes noted, and what must not be: blocks served twice, and bytes that are in no whole block that was made. Where blocks are cut, such
   * as between leases, some bytes are neither.
   */
  served = 0;
  twice = 0;
  foreign = 0;

  /** @param most bytes that will be made. */
  constructor(most: number) {
    this.#timesServed = new Uint8Array(most / BLOCK_BYTES);
  }

  /** Bytes made so far. */
  get made(): number {
    return this.#made * BLOCK_BYTES;
  }

  /** New bytes, a multiple of 16. */
  make(bytes: number): Buffer {
    const plain = Buffer.alloc(bytes);
    for (let at = 0; at < bytes; at += BLOCK_BYTES) plain.writeUInt32BE(this.#made++, at + 12);
    return createCipheriv('aes-128-ecb', this.#key, null).setAutoPadding(false).update(plain);
  }

  /** Notes what a client was served. */
  note(bytes: Buffer): void {
    this.served += bytes.length;
    for (let at = 0; at < bytes.length;) {
      const blocks = this.#blocksFrom(bytes, at);
      for (const block of blocks) {
        if (this.#timesServed[block] !== 0) this.twice++;
        this.#timesServed[block] = 1;
      }
      at += blocks.length * BLOCK_BYTES;
      if (at < bytes.length) {
        at += 1; // a block was cut here, or this is something else
        this.foreign += 1;
      }
    }
  }

  /** The blocks that follow each other from `at` on. */
  #blocksFrom(bytes: Buffer, at: number): number[] {
    if (this.#blockOf(this.#plain(bytes.subarray(at, at + BLOCK_BYTES)), 0) === undefined) return [];
    const plain = this.#plain(bytes.subarray(at));
    const blocks: number[] = [];
    for (let from = 0; from < plain.length; from += BLOCK_BYTES) {
      const block = this.#blockOf(plain, from);
      if (block === undefined) break;
      blocks.push(block);
    }
    return blocks;
  }

  /** What it was before it was encrypted, as far as there are whole blocks. */
  #plain(bytes: Buffer): Buffer {
    const whole = bytes.subarray(0, bytes.length - (bytes.length % BLOCK_BYTES));
    return createDecipheriv('aes-128-ecb', this.#key, null).setAutoPadding(false).update(whole);
  }

  #blockOf(plain: Buffer, at: number): number | undefined {
    if (at + BLOCK_BYTES > plain.length) return undefined;
    if (plain.readBigUInt64BE(at) !== 0n || plain.readUInt32BE(at + 8) !== 0) return undefined;
    const block = plain.readUInt32BE(at + 12);
    return block < this.#made ? block : undefined;
  }
}
