/** Hashes pieces of blocks, for the tables that look for repetitions. */
import { randomBytes } from 'node:crypto';

/** Bytes of a mark, if they are full ones. The same 96 bits are in one of 65 536 slots by chance with 2^-80. */
export const MARK_BYTES = 12;

/**
 * Three 32-bit hashes at once, under keys that only this process knows, so that no source can aim its bytes at one slot of a
 * table and make us slow. They choose and mark slots: no byte that is delivered depends on the keys.
 */
export class MarkHash {
  place = 0;
  low = 0;
  high = 0;
  readonly #a = oddNumbers();
  readonly #b = oddNumbers();
  readonly #c = oddNumbers();

  /** Hashes the `bytes` bytes at `at`, a multiple of MARK_BYTES. */
  read(view: DataView, at: number, bytes: number): void {
    let place = 0;
    let low = 0;
    let high = 0;
    for (let i = at; i < at + bytes; i += MARK_BYTES) {
      const x = view.getInt32(i);
      const y = view.getInt32(i + 4);
      const z = view.getInt32(i + 8);
      place = hashOf(this.#a, x ^ place, y, z);
      low = hashOf(this.#b, x ^ low, y, z);
      high = hashOf(this.#c, x ^ high, y, z);
    }
    this.place = place;
    this.low = low;
    this.high = high;
  }
}

function hashOf(keys: Int32Array, x: number, y: number, z: number): number {
  const sum = Math.imul(x, keys[0] ?? 1) + Math.imul(y, keys[1] ?? 1) + Math.imul(z, keys[2] ?? 1);
  const mixed = Math.imul(sum ^ (sum >>> 16), keys[3] ?? 1);
  return mixed ^ (mixed >>> 16);
}

/** A view of `bytes`, to read words at any place. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Four odd numbers to multiply words with. */
export function oddNumbers(): Int32Array {
  const random = randomBytes(16);
  return Int32Array.from({ length: 4 }, (_, i) => random.readInt32LE(4 * i) | 1);
}
