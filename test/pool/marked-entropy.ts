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

  /** Bytes noted, and what must not be: blocks served twice, and blocks that were never made. */
  served = 0;
  twice = 0;
  foreign = 0;

  /** @param most bytes that will be made. */
  constructor(most: number) {
    this.#timesServed = new Uint8Array(most / BLOCK_BYTES);
  }

  /** New bytes, a multiple of 16. */
  make(bytes: number): Buffer {
    const plain = Buffer.alloc(bytes);
    for (let at = 0; at < bytes; at += BLOCK_BYTES) plain.writeUInt32BE(this.#made++, at + 12);
    return createCipheriv('aes-128-ecb', this.#key, null).setAutoPadding(false).update(plain);
  }

  /** Notes what a client was served. All requests must be for multiples of 16 bytes. */
  note(bytes: Buffer): void {
    const plain = createDecipheriv('aes-128-ecb', this.#key, null).setAutoPadding(false).update(bytes);
    for (let at = 0; at < plain.length; at += BLOCK_BYTES) {
      const block = plain.readUInt32BE(at + 12);
      if (plain.readBigUInt64BE(at) !== 0n || plain.readUInt32BE(at + 8) !== 0 || block >= this.#made) {
        this.foreign++;
        continue;
      }
      if (this.#timesServed[block] !== 0) this.twice++;
      this.#timesServed[block] = 1;
    }
    this.served += bytes.length;
  }
}
