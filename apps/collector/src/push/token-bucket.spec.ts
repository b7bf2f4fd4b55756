import { expect, test } from '@jest/globals';
import { TokenBucket } from './token-bucket.js';

test('a burst goes at once, then the rate holds', () => {
  const bucket = new TokenBucket(1000, 100, 0);
  expect(bucket.take(100, 0)).toBe(0);
  expect(bucket.take(50, 0)).toBe(50);
  expect(bucket.take(50, 50)).toBe(50);
  expect(bucket.take(50, 200)).toBe(0);
});

test('over a long time exactly the rate is sent, whatever the sizes', () => {
  const bucket = new TokenBucket(1000, 100, 0);
  let now = 0;
  let sent = 0;
  for (let i = 0; i < 1000; i++) {
    const size = 1 + ((i * 37) % 90);
    now += bucket.take(size, now);
    sent += size;
  }
  expect(Math.abs(sent - now)).toBeLessThanOrEqual(200);
});

test('what is not used is not saved beyond the burst', () => {
  const bucket = new TokenBucket(1000, 100, 0);
  expect(bucket.take(100, 1_000_000)).toBe(0);
  expect(bucket.take(1, 1_000_000)).toBe(1);
});
