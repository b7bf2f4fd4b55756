/**
 * Finds a bit that never moves: text (hexadecimal, base64, JSON, HTML: the top bit is never set) or a stuck
 * line.
 *
 * Not of SP 800-90B, whose two tests at 8 bits a byte miss all of these. A perfect source leaves one of 8
 * bits at 0 or at 1 for n bytes with probability at most 16 * 2^-n, which is the 2^-60 of the hard tier for n
 * = 64.
 */
const ENOUGH = 64;

/** Judges each chunk of 64 bytes or more by itself; shorter ones are put together until they are 64. */
export class StuckBits {
  #ones = 0; // bits that were 1 in some byte
  #zeros = 0; // bits that were 0 in some byte
  #seen = 0;

  /** @returns `text` when no byte reaches 0x80, `stuck_bit` when another bit never moved. */
  test(bytes: Uint8Array): 'pass' | 'text' | 'stuck_bit' {
    if (bytes.length >= ENOUGH) this.#forget();
    this.#look(bytes);
    if (this.#seen < ENOUGH) return 'pass';
    const text = (this.#ones & 0x80) === 0;
    const moved = this.#ones & this.#zeros;
    this.#forget();
    if (text) return 'text';
    return moved === 0xff ? 'pass' : 'stuck_bit';
  }

  #look(bytes: Uint8Array): void {
    let or = 0;
    let and = 0xff;
    // Once every bit has moved nothing can change that: of random bytes the first dozen is enough.
    for (let i = 0; i < bytes.length && (or & ~and) !== 0xff; i++) {
      const byte = bytes[i] ?? 0;
      or |= byte;
      and &= byte;
    }
    this.#ones |= or;
    this.#zeros |= ~and & 0xff;
    this.#seen += bytes.length;
  }

  #forget(): void {
    this.#ones = this.#zeros = this.#seen = 0;
  }
}
