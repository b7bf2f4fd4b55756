import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Bits } from './bits.js';
import { UniformRange } from './uniform-range.js';

const MAX = Number.MAX_SAFE_INTEGER;

/** Bits that begin with those of `text` ('0101...') and go on with zeros. */
function bitsOf(text: string): Bits {
  const bytes = (text.match(/.{1,8}/g) ?? []).map((bits) => parseInt(bits.padEnd(8, '0'), 2));
  let at = 0;
  return new Bits((count) => Uint8Array.from({ length: count }, () => bytes[at++] ?? 0), 1);
}

/** The same rejection, with BigInt over a text of bits. */
function reference(min: number, max: number, text: string): number | undefined {
  const span = BigInt(max) - BigInt(min);
  const length = span === 0n ? 0 : span.toString(2).length;
  for (let at = 0; at + length <= text.length;) {
    const high = length > 32 ? BigInt(`0b${text.slice(at, at + length - 32)}`) : 0n;
    if (high > span >> 32n) {
      at += length - 32;
      continue;
    }
    const value = length === 0 ? 0n : BigInt(`0b${text.slice(at, at + length)}`);
    if (value <= span) return Number(BigInt(min) + value);
    at += length;
  }
  return undefined;
}

describe('UniformRange', () => {
  test('spans all safe integers, both ends included, without rounding', () => {
    const range = new UniformRange(-MAX, MAX);
    expect(range.bits).toBe(54);
    expect(range.drawOne(bitsOf('0'.repeat(54)))).toBe(-MAX);
    expect(range.drawOne(bitsOf('0'.repeat(53) + '1'))).toBe(-MAX + 1);
    expect(range.drawOne(bitsOf('1'.repeat(53) + '0'))).toBe(MAX);
    expect(range.drawOne(bitsOf('1'.repeat(52) + '01'))).toBe(MAX - 1);
    expect(range.drawOne(bitsOf('1'.repeat(54) + '0'.repeat(53) + '1'))).toBe(-MAX + 1); // 2^54 - 1 is one too many
    expect(range.drawOne(bitsOf('0' + '1'.repeat(53)))).toBe(0);
  });

  test('agrees with exact arithmetic for any range and any bits', () => {
    const integer = fc.oneof(
      fc.maxSafeInteger(),
      fc.integer({ min: -1000, max: 1000 }),
      fc.integer({ min: 0, max: 54 }).map((power) => Math.min(MAX, 2 ** power)),
      fc.constantFrom(-MAX, MAX, 2 ** 32, 2 ** 32 - 1, 2 ** 25, 2 ** 25 - 1),
    );
    fc.assert(
      fc.property(integer, integer, (a, b) => {
        const [min, max] = [Math.min(a, b), Math.max(a, b)];
        const text = [...randomBytes(80)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
        const expected = reference(min, max, text);
        if (expected === undefined) return;
        expect(new UniformRange(min, max).drawOne(bitsOf(text))).toBe(expected);
        expect(new UniformRange(min, max).draw(bitsOf(text), 1)).toEqual([expected]);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([3 * 2 ** 50, 3 * 2 ** 30, 3 * 2 ** 20, 3])(
    'a range of %d has no favourite third, as a modulo would',
    (size) => {
      const range = new UniformRange(-5, size - 6);
      const count = 90_000;
      const thirds = [0, 0, 0];
      for (const value of range.draw(new Bits(randomBytes, 1000), count)) {
        const third = Math.floor((value + 5) / (size / 3));
        thirds[third] = (thirds[third] ?? 0) + 1;
      }
      const chi = thirds.reduce((sum, n) => sum + (n - count / 3) ** 2 / (count / 3), 0);
      expect(chi).toBeLessThan(50); // 2 degrees of freedom: 10^-11; a modulo gives 22 500
    },
  );

  test.each([
    [1, 0],
    [0.5, 1],
    [0, 2 ** 53],
    [-(2 ** 53), 0],
    [Number.NaN, 1],
    [0, Infinity],
  ])('refuses %p to %p', (min, max) => {
    expect(() => new UniformRange(min, max)).toThrow(RangeError);
  });
});
