/**
 * Bits that a short linear feedback shift register makes: PRBS test patterns, xorshift, a scrambler without a signal.
 *
 * Not of SP 800-90B. The linear complexity of 256 bits by Berlekamp and Massey (1969): of random bits 128, seldom 3 more or
 * less; of a register of n bits n. Rueppel (1986): 2^min(2L - 1, 2n - 2L) of the 2^n sequences of n bits have complexity L.
 */
import type { Tier } from './tier.js';

export const SEQUENCE_BITS = 256;
/** Outside [low, high]: 2^-47 and 2^-63 together. */
export const COMPLEXITY_BOUNDS = { soft: [105, 151], hard: [97, 159] } as const;

/**
 * Which bits are looked at, one kind a time: neighbours, with the most or the least significant bit of a byte first; or one
 * bit of each byte or word, since the bits of a generator of words are registers side by side. An odd number of kinds (source-health.ts).
 */
const KINDS: readonly { readonly stride: number; readonly reversed?: boolean }[] = [
  { stride: 1 },
  { stride: 1, reversed: true },
  { stride: 8 },
  { stride: 32 },
  { stride: 1 },
  { stride: 16 },
  { stride: 64 },
];

const WORDS = SEQUENCE_BITS / 32;

export class LinearComplexity {
  #turn = 0;

  /** Looks at 256 bits of `block`, at least 2048 bytes; other ones each time, but again at what is found. */
  test(block: Uint8Array): Tier {
    const tier = this.#judge(block);
    if (tier === 'pass') this.#turn++;
    return tier;
  }

  #judge(block: Uint8Array): Tier {
    const { stride, reversed = false } = KINDS[this.#turn % KINDS.length] ?? { stride: 1 };
    // Each bit of a word in turn: of some generators one alone is a register, wherever the words begin.
    const offset = Math.floor(this.#turn / KINDS.length) % stride;
    const bits = new Int32Array(WORDS);
    for (let i = 0; i < SEQUENCE_BITS; i++) {
      const bit = offset + stride * i;
      const within = bit & 7;
      const value = ((block[bit >>> 3] ?? 0) >>> (reversed ? within : 7 - within)) & 1;
      bits[i >>> 5] = (bits[i >>> 5] ?? 0) | (value << (i & 31));
    }
    const complexity = linearComplexity(bits);
    const outside = ([low, high]: readonly [number, number]): boolean =>
      complexity < low || complexity > high;
    if (outside(COMPLEXITY_BOUNDS.hard)) return 'hard';
    return outside(COMPLEXITY_BOUNDS.soft) ? 'soft' : 'pass';
  }
}

/**
 * The length of the shortest linear feedback shift register that makes these 256 bits; bit i is bit i % 32 of word i / 32.
 *
 * Polynomials are bit masks of 32-bit words, and the latest bits lie in one too, newest first, so that a discrepancy is the
 * parity of their AND.
 */
export function linearComplexity(bits: Int32Array): number {
  const connection = new Int32Array(WORDS + 1);
  let before = new Int32Array(WORDS + 1);
  let spare = new Int32Array(WORDS + 1);
  const latest = new Int32Array(WORDS + 1);
  connection[0] = before[0] = 1;
  let complexity = 0;
  let distance = 1; // from the last change of the complexity
  for (let n = 0; n < SEQUENCE_BITS; n++) {
    pushBit(latest, ((bits[n >>> 5] ?? 0) >>> (n & 31)) & 1);
    if (parityOfAnd(connection, latest) === 0) {
      distance++;
      continue;
    }
    const grows = 2 * complexity <= n;
    if (grows) spare.set(connection);
    xorShifted(connection, before, distance);
    if (grows) {
      complexity = n + 1 - complexity;
      [before, spare] = [spare, before];
      distance = 1;
    } else distance++;
  }
  return complexity;
}

function pushBit(latest: Int32Array, bit: number): void {
  for (let k = WORDS; k > 0; k--) latest[k] = ((latest[k] ?? 0) << 1) | ((latest[k - 1] ?? 0) >>> 31);
  latest[0] = ((latest[0] ?? 0) << 1) | bit;
}

function parityOfAnd(a: Int32Array, b: Int32Array): number {
  let word = 0;
  for (let k = 0; k <= WORDS; k++) word ^= (a[k] ?? 0) & (b[k] ?? 0);
  word ^= word >>> 16;
  word ^= word >>> 8;
  word ^= word >>> 4;
  return (0x6996 >>> (word & 15)) & 1;
}

/** target ^= source << shift */
function xorShifted(target: Int32Array, source: Int32Array, shift: number): void {
  const words = shift >>> 5;
  const bits = shift & 31;
  for (let k = WORDS; k >= words; k--) {
    let word = (source[k - words] ?? 0) << bits;
    if (bits > 0 && k > words) word |= (source[k - words - 1] ?? 0) >>> (32 - bits);
    target[k] = (target[k] ?? 0) ^ word;
  }
}
