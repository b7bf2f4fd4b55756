/** Hashes pieces of 16 bytes, for the tables that look for repetitions. */
import { randomBytes } from 'node:crypto';

/** Sixteen full bytes repeat by chance with 2^-128: where they do, something is broken. */
export const PIECE = 16;

/**
 * A 32-bit hash under a key that only this process knows, so that no source can aim its bytes at one slot of a
 * table and make us slow. It chooses slots: no byte that is delivered depends on the key.
 */
export class BlockHash {
  readonly #a = oddNumber();
  readonly #b = oddNumber();
  readonly #c = oddNumber();
  readonly #d = oddNumber();

  /** Hashes the `bytes` bytes at `at`, a multiple of 16; with `mask` -1 their complement. */
  of(view: DataView, at: number, bytes = PIECE, mask = 0): number {
    let mixed = 0;
    for (let end = at + bytes, i = at; i < end; i += PIECE) {
      const sum =
        Math.imul(view.getUint32(i, true) ^ mask ^ mixed, this.#a) +
        Math.imul(view.getUint32(i + 4, true) ^ mask, this.#b) +
        Math.imul(view.getUint32(i + 8, true) ^ mask, this.#c) +
        Math.imul(view.getUint32(i + 12, true) ^ mask, this.#d);
      mixed = Math.imul(sum ^ (sum >>> 16), this.#a);
    }
    return (mixed ^ (mixed >>> 16)) >>> 0;
  }
}

/** A view for BlockHash. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function oddNumber(): number {
  return randomBytes(4).readUInt32LE() | 1;
}
