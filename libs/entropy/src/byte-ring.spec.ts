import { randomInt } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { ByteRing } from './byte-ring.js';

describe('ByteRing', () => {
  test('gives bytes in the order they came, over thousands of pushes and takes around its end', () => {
    const ring = new ByteRing(257);
    let pushed = 0;
    let taken = 0;
    for (let turn = 0; turn < 5000; turn++) {
      const bytes = Uint8Array.from({ length: randomInt(ring.free + 1) }, () => pushed++ & 0xff);
      ring.push(bytes);
      const out = ring.take(randomInt(ring.length + 1));
      expect([...out]).toEqual(Array.from(out, () => taken++ & 0xff));
      expect(ring.length).toBe(pushed - taken);
      expect(ring.free).toBe(257 - ring.length);
    }
    expect(taken).toBeGreaterThan(257 * 100);
  });

  test('refuses more than fits, and gives no more than it has; nothing changes then', () => {
    const ring = new ByteRing(4);
    ring.push(Buffer.from([1, 2, 3]));
    expect(() => ring.push(Buffer.from([4, 5]))).toThrow('2 bytes do not fit into 1');
    expect(() => ring.take(4)).toThrow('cannot take 4 of 3 bytes');
    expect(() => ring.drop(-1)).toThrow(RangeError);
    expect([...ring.take(3)]).toEqual([1, 2, 3]);
  });

  test('hands out a copy that later pushes do not change', () => {
    const ring = new ByteRing(2);
    ring.push(Buffer.from([1, 2]));
    const taken = ring.take(2);
    ring.push(Buffer.from([3, 4]));
    expect([...taken]).toEqual([1, 2]);
  });

  test('drops the oldest bytes', () => {
    const ring = new ByteRing(4);
    ring.push(Buffer.from([1, 2, 3, 4]));
    ring.drop(3);
    expect([...ring.take(1)]).toEqual([4]);
  });

  test.each([0, -1, 1.5, Number.NaN])('refuses a capacity of %p', (capacity) => {
    expect(() => new ByteRing(capacity)).toThrow(RangeError);
  });
});
