/** Hashes blocks of 16 bytes, for the tables that look for repetitions. */
import { randomBytes } from 'node:crypto';

/** Sixteen bytes repeat by chance with 2^-128: where they do, something is broken. */
export const BLOCK = 16;

/**
 * A 32-bit hash under a key that only this process knows, so that no source can aim its blocks at one slot of a
 * table and make us slow. It chooses slots: no byte that is delivered depends on the key.
 */
export class BlockHash {
  readonly #a = oddNumber();
  readonly #b = oddNumber();
  readonly #c = oddNumber();
  readonly #d = oddNumber();

  /** Hashes the 16 bytes at `at`. */
  of(view: DataView, at: number): number {
    const sum =
      Math.imul(view.getUint32(at, true), this.#a) +
      Math.imul(view.getUint32(at + 4, true), this.#b) +
      Math.imul(view.getUint32(at + 8, true), this.#c) +
      Math.imul(view.getUint32(at + 12, true), this.#d);
    const mixed = Math.imul(sum ^ (sum >>> 16), this.#a);
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
