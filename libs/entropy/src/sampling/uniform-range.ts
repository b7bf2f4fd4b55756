/** Uniform whole numbers between any two safe integers. */
import { bitLength } from './bits.js';
import type { Bits } from './bits.js';

const WORD = 2 ** 32;

/** Numbers from `min` to `max`, both included. */
export class UniformRange {
  readonly min: number;
  /** Bits that a trial reads. */
  readonly bits: number;
  /** Probability that a trial succeeds, above 1/2. */
  readonly acceptance: number;
  // max - min, up to 2^54 - 2, which no double holds exactly: two words do.
  readonly #high: number;
  readonly #low: number;

  /** @throws {RangeError} unless `min` and `max` are safe integers and in order. */
  constructor(min: number, max: number) {
    if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || min > max) {
      throw new RangeError(`min and max must be safe integers with min <= max, not ${min} and ${max}`);
    }
    this.min = min;
    [this.#high, this.#low] = difference(max, min);
    this.bits = this.#high > 0 ? 32 + bitLength(this.#high) : bitLength(this.#low);
    this.acceptance = (max - min + 1) / 2 ** this.bits;
  }

  /** `count` independent numbers. */
  draw(bits: Bits, count: number): number[] {
    if (this.bits <= 25) return bits.uniforms(count, this.min, this.#low);
    const values = new Array<number>(count);
    for (let i = 0; i < count; i++) values[i] = this.#drawWide(bits);
    return values;
  }

  drawOne(bits: Bits): number {
    return this.bits <= 25 ? this.min + bits.uniform(this.#low) : this.#drawWide(bits);
  }

  #drawWide(bits: Bits): number {
    for (;;) {
      const high = this.bits > 32 ? bits.read(this.bits - 32) : 0;
      if (high > this.#high) continue; // whatever follows is out of range
      const low = bits.readWord(Math.min(32, this.bits));
      // Both sums are safe integers, hence exact.
      if (high < this.#high || low <= this.#low) return this.min + high * WORD + low;
    }
  }
}

/** a - b as [high, low], words of 32 bits; a >= b are safe integers. */
function difference(a: number, b: number): [number, number] {
  const high = Math.floor(a / WORD) - Math.floor(b / WORD);
  const low = lowWord(a) - lowWord(b);
  return low >= 0 ? [high, low] : [high - 1, low + WORD];
}

function lowWord(a: number): number {
  return a - Math.floor(a / WORD) * WORD;
}
