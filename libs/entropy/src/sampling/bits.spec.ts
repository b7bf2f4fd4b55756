import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Bits, bitLength } from './bits.js';

/** Bits of exactly `bytes`. */
function bitsOf(bytes: Uint8Array, likely = 1): Bits {
  let at = 0;
  return new Bits((count) => {
    if (at + count > bytes.length) throw new Error('empty');
    return Uint8Array.from(bytes.subarray(at, (at += count)));
  }, likely);
}

describe('Bits', () => {
  test('reads the most significant bit first, in pieces of any size', () => {
    const bytes = randomBytes(1000);
    const text = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 32 }), { maxLength: 240 }),
        fc.nat(100),
        (sizes, likely) => {
          const bits = bitsOf(bytes, likely);
          let at = 0;
          for (const size of sizes) {
            const value = size <= 25 ? bits.read(size) : bits.readWord(size);
            expect(value).toBe(parseInt(text.slice(at, (at += size)), 2));
          }
        },
      ),
    );
  });

  test('reads units as 53 bits behind the binary point', () => {
    expect(bitsOf(Buffer.alloc(7)).readUnit()).toBe(0);
    expect(bitsOf(Buffer.alloc(7, 0xff)).readUnit()).toBe(1 - 2 ** -53);
    expect(bitsOf(Buffer.from([0x80, 0, 0, 0, 0, 0, 0])).readUnit()).toBe(0.5);
    expect(bitsOf(Buffer.from([0, 0, 0, 0, 0, 0, 0x08])).readUnit()).toBe(2 ** -53);
  });

  test('takes the likely bytes at once and more in steps of a 64th', () => {
    const taken: number[] = [];
    const bits = new Bits((count) => {
      taken.push(count);
      return randomBytes(count);
    }, 1000);
    for (let i = 0; i < 1020; i++) bits.read(8);
    expect(taken).toEqual([1000, 16, 16]);
  });

  test('refuses a supply that gives fewer bytes than asked for', () => {
    expect(() => new Bits(() => Buffer.alloc(0), 1).read(1)).toThrow('asked for 1 bytes of entropy, got 0');
    expect(() => new Bits(() => Buffer.alloc(3), 4).uniforms(1, 0, 5)).toThrow(
      'asked for 4 bytes of entropy, got 3',
    );
  });

  test('wipes what it took', () => {
    const supplies: Uint8Array[] = [];
    const bits = new Bits((count) => {
      const supply = Buffer.alloc(count, 0xee);
      supplies.push(supply);
      return supply;
    }, 2);
    bits.read(24);
    bits.wipe();
    expect(supplies.map((supply) => [...supply])).toEqual([[0, 0], [0]]);
  });

  test('many at once are what one after the other are, and take the same bits', () => {
    const bytes = randomBytes(4000);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 25 - 1 }),
        fc.integer({ min: 0, max: 200 }),
        fc.integer({ min: 1, max: 25 }),
        fc.nat(700),
        (largest, count, before, likely) => {
          const [one, many] = [bitsOf(bytes), bitsOf(bytes, likely)];
          expect(many.read(before)).toBe(one.read(before));
          const expected = Array.from({ length: count }, () => one.uniform(largest) - 7);
          expect(many.uniforms(count, -7, largest)).toEqual(expected);
          expect(many.read(25)).toBe(one.read(25));
        },
      ),
    );
  });
});

describe('bitLength', () => {
  test.each([
    [0, 0],
    [1, 1],
    [5, 3],
    [7, 3],
    [8, 4],
    [2 ** 31, 32],
    [2 ** 32 - 1, 32],
  ])('of %d is %d', (value, length) => {
    expect(bitLength(value)).toBe(length);
  });
});
