/**
 * Reads a supply of bytes bit by bit, the most significant bit of each byte first; numbers of a range by
 * rejection.
 *
 *   #bytes  [ read | not read yet | padding ]
 *                  ^ #bit         ^ #end
 *
 * A word is loaded at every read, and what lies in front of and behind the wanted bits is shifted out of it:
 * the padding, whatever it holds, is never part of a number.
 *
 * Rejection: as many bits as the largest number has are read, and read again while they are above it. Each
 * number in range is then exactly as likely as any other; nothing is divided or scaled.
 */
export class Bits {
  readonly #take: (count: number) => Uint8Array;
  readonly #step: number;
  #next: number; // bytes to take next
  #bytes = NO_BYTES;
  #words = NO_WORDS;
  #bit = 0;
  #end = 0;

  /**
   * @param take gives the next `count` bytes, which are this object's from then on, or throws.
   * @param likely bytes to take at first; more come in steps of 1/64 of it, so that little is left over.
   */
  constructor(take: (count: number) => Uint8Array, likely: number) {
    this.#take = take;
    this.#step = Bits.step(likely);
    this.#next = likely > 0 ? likely : this.#step;
  }

  /** Bytes that are taken at a time when the first `likely` ones did not do. */
  static step(likely: number): number {
    return Math.max(1, Math.ceil(likely / 64));
  }

  /** The next `count` bits as a number; 1 to 25. */
  read(count: number): number {
    while (this.#end - this.#bit < count) this.#takeMore();
    const value = bitsAt(this.#words, this.#bit, count);
    this.#bit += count;
    return value;
  }

  /** The next `count` bits as a number; 1 to 32. */
  readWord(count: number): number {
    return count <= 25 ? this.read(count) : this.read(count - 16) * 65_536 + this.read(16);
  }

  /** The next 53 bits as a multiple of 2^-53 in [0, 1). */
  readUnit(): number {
    return (this.read(21) * 2 ** 32 + this.readWord(32)) * 2 ** -53;
  }

  /** A uniform number from 0 to `largest`, which is below 2^25. */
  uniform(largest: number): number {
    if (largest === 0) return 0;
    const length = bitLength(largest);
    let value: number;
    do value = this.read(length);
    while (value > largest);
    return value;
  }

  /**
   * `count` uniform numbers from `min` to `min + largest`; `largest` is below 2^25.
   *
   * The same as that many calls of `uniform`, and more than twice as fast.
   */
  uniforms(count: number, min: number, largest: number): number[] {
    const values = new Array<number>(count);
    if (largest === 0) return values.fill(min);
    let done = this.#fill(values, 0, min, largest);
    while (done < count) {
      this.#takeMore();
      done = this.#fill(values, done, min, largest);
    }
    return values;
  }

  /**
   * Sets `values` from `at` on as far as the bits at hand reach; returns how far that is.
   *
   * A loop of its own, without a call that takes more and without a branch on random bits: 3 ns a number, 5
   * with either.
   */
  #fill(values: number[], at: number, min: number, largest: number): number {
    const length = bitLength(largest);
    const outside = ~largest; // -1 - largest
    const words = this.#words;
    const last = this.#end - length;
    let bit = this.#bit;
    while (at < values.length && bit <= last) {
      const value = bitsAt(words, bit, length);
      bit += length;
      values[at] = min + value;
      at += (value + outside) >>> 31; // 1 when value <= largest; else the next value takes its place
    }
    this.#bit = bit;
    return at;
  }

  /** Overwrites what was taken and not handed out as numbers. */
  wipe(): void {
    this.#bytes.fill(0);
    this.#bit = this.#end;
  }

  /** Puts the next bytes behind those that are not read yet. */
  #takeMore(): void {
    const taken = this.#take(this.#next);
    const rest = this.#bytes.subarray(this.#bit >>> 3, this.#end >>> 3);
    const bytes = Buffer.allocUnsafe(rest.length + taken.length + PADDING);
    bytes.set(rest);
    bytes.set(taken, rest.length);
    taken.fill(0);
    this.#bytes.fill(0);
    this.#bytes = bytes;
    this.#words = wordsOf(bytes);
    this.#bit &= 7;
    this.#end = 8 * (bytes.length - PADDING);
    if (taken.length !== this.#next) {
      throw new RangeError(`asked for ${this.#next} bytes of entropy, got ${taken.length}`);
    }
    this.#next = this.#step;
  }
}

/** Bytes that a word reaches beyond the one where it begins. */
const PADDING = 3;
const NO_BYTES = Buffer.alloc(PADDING);
const NO_WORDS = wordsOf(NO_BYTES);

function wordsOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** `count` bits from `bit` on as a number; 1 to 25, which are in one word wherever in a byte they begin. */
function bitsAt(words: DataView, bit: number, count: number): number {
  return (words.getUint32(bit >>> 3) << (bit & 7)) >>> (32 - count);
}

/** How many bits `largest` (0 to 2^32 - 1) has; 0 has none. */
export function bitLength(largest: number): number {
  return 32 - Math.clz32(largest);
}
