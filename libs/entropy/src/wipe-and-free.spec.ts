import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { wipeAndFree } from './wipe-and-free.js';

test('memory of its own is freed, once and twice', () => {
  const buffer = Buffer.allocUnsafeSlow(1000).fill(7);
  const view = buffer.subarray(100, 200);
  wipeAndFree(buffer);
  wipeAndFree(buffer);
  expect([buffer.length, view.length]).toEqual([0, 0]);
});

test('memory that is shared is wiped, and left to the others', () => {
  const shared = Buffer.alloc(4, 1);
  wipeAndFree(shared.subarray(1, 3));
  expect([...shared]).toEqual([1, 0, 0, 1]);
  const pooled = Buffer.from(randomBytes(10));
  wipeAndFree(pooled);
  expect(pooled.equals(Buffer.alloc(10))).toBe(true);
});
