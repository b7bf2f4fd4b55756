/**
 * The shuffle of Fisher and Yates (Durstenfeld; Knuth, TAOCP 2, algorithm P), from the front, as far as it is
 * wanted.
 */
import { bitLength } from './bits.js';
import type { Bits } from './bits.js';
import { demand, wholeBytes } from './sample.js';

/**
 * `count` different ones of the `size` numbers from `min` on, in uniformly random order; `size` is below
 * 2^25.
 */
export function shuffled(bits: Bits, min: number, size: number, count: number): number[] {
  const values = new Array<number>(size);
  for (let i = 0; i < size; i++) values[i] = min + i;
  for (let i = 0; i < count; i++) {
    const j = i + bits.uniform(size - 1 - i);
    const chosen = values[j] ?? 0;
    values[j] = values[i] ?? 0;
    values[i] = chosen;
  }
  return values.slice(0, count);
}

/** The bytes that `shuffled` takes. */
export function shuffleDemand(size: number, count: number): { likely: number; most: number } {
  let bits = 0;
  for (let left = size; left > size - count; left--) {
    const length = bitLength(left - 1);
    bits += (length * (1 << length)) / left;
  }
  const { most } = demand(count, bitLength(size - 1), 1 / 2);
  return { likely: wholeBytes(bits / 8), most };
}
