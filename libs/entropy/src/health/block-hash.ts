/** Hashes blocks of 16 bytes, for the tables that look for repetitions. */
import { randomFillSync } from 'node:crypto';

/** Sixteen bytes repeat by chance with 2^-128: where they do, something is broken. */
export const BLOCK = 16;

/** A keyed 32-bit hash of a block. */
export class BlockHash {
  // Odd multipliers known to this process alone: no source can aim its blocks at one slot of a table and make us slow.
  // They choose slots only. No byte that is delivered depends on them.
  readonly #keys: Uint32Array = randomFillSync(new Uint32Array(4)).map((key) => key | 1);

  /** Hashes the 16 bytes at `at`. */
  of(view: DataView, at: number): number {
    const keys = this.#keys;
    const k0 = keys[0] ?? 1;
    const sum =
      Math.imul(view.getUint32(at, true), k0) +
      Math.imul(view.getUint32(at + 4, true), keys[1] ?? 1) +
      Math.imul(view.getUint32(at + 8, true), keys[2] ?? 1) +
      Math.imul(view.getUint32(at + 12, true), keys[3] ?? 1);
    return Math.imul(sum ^ (sum >>> 16), k0) >>> 0;
  }
}

/** A view for BlockHash. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
