import { randomBytes, randomInt } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { LinearComplexity, linearComplexity, SEQUENCE_BITS } from './linear-complexity.js';

/** Berlekamp and Massey over lists of bits, as in Massey (1969). */
function complexityDefined(bits: readonly number[]): number {
  let [c, b] = [[1], [1]];
  let [complexity, m] = [0, 1];
  bits.forEach((bit, n) => {
    let discrepancy = bit;
    for (let i = 1; i <= complexity; i++) discrepancy ^= (c[i] ?? 0) & (bits[n - i] ?? 0);
    if (discrepancy === 0) {
      m++;
      return;
    }
    const before = c;
    c = Array.from({ length: Math.max(c.length, b.length + m) }, (_, i) => (c[i] ?? 0) ^ (b[i - m] ?? 0));
    if (2 * complexity > n) {
      m++;
      return;
    }
    complexity = n + 1 - complexity;
    [b, m] = [before, 1];
  });
  return complexity;
}

const wordsOf = (bits: readonly number[]): Int32Array => {
  const words = new Int32Array(SEQUENCE_BITS / 32);
  bits.forEach((bit, i) => (words[i >> 5] = (words[i >> 5] ?? 0) | (bit << (i & 31))));
  return words;
};
const bitsOf = (bytes: Uint8Array): number[] =>
  [...bytes].flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((i) => (byte >> i) & 1));

/** A shift register with these taps (distances back), from a random state. */
function register(length: number, taps: readonly number[], count: number): number[] {
  const bits = bitsOf(randomBytes(Math.ceil(length / 8))).slice(0, length);
  bits[0] = 1;
  while (bits.length < count) bits.push(taps.reduce((sum, tap) => sum ^ (bits[bits.length - tap] ?? 0), 0));
  return bits;
}

/** Bytes of these bits, the most significant first. */
function bytesOf(bits: readonly number[]): Buffer {
  return Buffer.from(
    Array.from({ length: bits.length >> 3 }, (_, i) => parseInt(bits.slice(8 * i, 8 * i + 8).join(''), 2)),
  );
}

describe('the linear complexity of 256 bits', () => {
  test('is that of the definition, for random bits and all others', () => {
    const all = [
      ...Array.from({ length: 300 }, () => bitsOf(randomBytes(32))),
      ...Array.from({ length: 100 }, (_, i) => [
        ...bitsOf(randomBytes(32)).slice(0, i),
        ...new Array<number>(256 - i).fill(0),
      ]),
      ...Array.from({ length: 256 }, (_, i) => bitsOf(Buffer.alloc(32)).map((_bit, k) => (k === i ? 1 : 0))),
    ];
    for (const bits of all) expect(linearComplexity(wordsOf(bits))).toBe(complexityDefined(bits));
  });

  test('is 0 of zeros, 256 of a 1 at the end, and n of a register of n bits', () => {
    expect(linearComplexity(new Int32Array(8))).toBe(0);
    expect(linearComplexity(wordsOf([...new Array<number>(255).fill(0), 1]))).toBe(256);
    expect(linearComplexity(wordsOf(register(31, [31, 28], 256)))).toBe(31);
    expect(linearComplexity(wordsOf(register(16, [16, 15, 13, 4], 256)))).toBe(16);
  });

  test('of random bits is 128, seldom 3 more or less', () => {
    const all = Array.from({ length: 2000 }, () => linearComplexity(wordsOf(bitsOf(randomBytes(32)))));
    expect(all.filter((value) => Math.abs(value - 128) <= 3).length).toBeGreaterThan(1900);
  });
});

describe('LinearComplexity', () => {
  /** How many turns it takes to find `block` out, of 7 kinds of bits. */
  const turns = (block: Buffer): number => {
    const complexity = new LinearComplexity();
    for (let turn = 1; turn <= 7; turn++) if (complexity.test(block) === 'hard') return turn;
    return Infinity;
  };

  test('finds PRBS-31 with either end of the byte first, and a register of 16 bits', () => {
    const prbs = register(31, [31, 28], 65_536);
    expect(turns(bytesOf(prbs))).toBe(1);
    const reversed = Array.from({ length: 8192 }, (_, i) => prbs.slice(8 * i, 8 * i + 8).reverse()).flat();
    expect(turns(bytesOf(reversed))).toBe(2);
    expect(turns(bytesOf(register(16, [16, 15, 13, 4], 65_536)))).toBe(1);
  });

  test('finds registers side by side, one for each bit of a byte, and xorshift32 of words', () => {
    const lanes = Array.from({ length: 8 }, () => register(63, [63, 62], 8192));
    const bytes = Buffer.from(
      Array.from({ length: 8192 }, (_, i) => parseInt(lanes.map((lane) => lane[i] ?? 0).join(''), 2)),
    );
    expect(turns(bytes)).toBeLessThanOrEqual(3);
    const words = Buffer.alloc(8192);
    let state = randomBytes(4).readUInt32LE() | 1;
    for (let at = 0; at < 8192; at += 4) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words.writeInt32LE(state, at);
    }
    expect(turns(words)).toBeLessThanOrEqual(4);
  });

  test('finds the one bit of words of 64 that a generator makes alone, wherever words begin: xorshift64*', () => {
    const begins = 1 + randomInt(6);
    const words = new BigUint64Array(1025);
    let state = randomBytes(8).readBigUInt64LE() | 1n;
    words.forEach((_, i) => {
      state ^= state >> 12n;
      state ^= BigInt.asUintN(64, state << 25n);
      state ^= state >> 27n;
      words[i] = BigInt.asUintN(64, state * 0x2545_f491_4f6c_dd1dn);
    });
    const block = Buffer.from(words.buffer, begins, 8192);
    const complexity = new LinearComplexity();
    expect(Array.from({ length: 7 * 64 }, () => complexity.test(block))).toContain('hard');
  });

  test('passes random bytes', () => {
    const complexity = new LinearComplexity();
    for (let i = 0; i < 200; i++) expect(complexity.test(randomBytes(8192))).toBe('pass');
  });
});
