/**
 * Reads a supply of bytes bit by bit, the most significant bit of each byte first; numbers of a range by
 * rejection.
 *
 * Rejection: as many bits as the largest number has are read, and read again while they are above it. Each
 * number in range is then exactly as likely as any other; nothing is divided or scaled.
 */
export class Bits {
  readonly #take: (count: number) => Uint8Array;
  readonly #step: number;
  #next: number; // bytes to take next
  #bytes: Uint8Array = new Uint8Array();
  #at = 0; // next byte
  #rest = 0; // its low `#held` bits are not used yet; what stands above them is
  #held = 0; // up to 32

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
    while (this.#held < count) {
      if (this.#at === this.#bytes.length) this.#takeMore();
      this.#rest = (this.#rest << 8) | (this.#bytes[this.#at++] ?? 0);
      this.#held += 8;
    }
    this.#held -= count;
    return (this.#rest >>> this.#held) & ((1 << count) - 1);
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
   * The same as that many calls of `uniform`, and three times as fast: its state is in local variables, and
   * it does not branch on random bits.
   */
  uniforms(count: number, min: number, largest: number): number[] {
    const values = new Array<number>(count);
    if (largest === 0) return values.fill(min);
    const length = bitLength(largest);
    let [bytes, at, rest, held] = [this.#bytes, this.#at, this.#rest, this.#held];
    for (let i = 0; i < count;) {
      if (held < length) {
        do {
          if (at === bytes.length) [bytes, at] = [this.#takeMore(), 0];
          rest = (rest << 8) | (bytes[at++] ?? 0);
          held += 8;
        } while (held <= 24 && (held < length || at < bytes.length));
      }
      held -= length;
      const value = (rest >>> held) & ((1 << length) - 1);
      values[i] = min + value;
      i += (value - largest - 1) >>> 31; // 1 when value <= largest; else the next value takes its place
    }
    [this.#at, this.#rest, this.#held] = [at, rest, held];
    return values;
  }

  /** Overwrites what was taken and not handed out as numbers. */
  wipe(): void {
    this.#bytes.fill(0);
    this.#rest = this.#held = 0;
    this.#at = this.#bytes.length;
  }

  #takeMore(): Uint8Array {
    this.#bytes.fill(0);
    this.#bytes = this.#take(this.#next);
    this.#at = 0;
    if (this.#bytes.length !== this.#next) {
      throw new RangeError(`asked for ${this.#next} bytes of entropy, got ${this.#bytes.length}`);
    }
    this.#next = this.#step;
    return this.#bytes;
  }
}

/** How many bits `largest` (0 to 2^32 - 1) has; 0 has none. */
export function bitLength(largest: number): number {
  return 32 - Math.clz32(largest);
}
