import { describe, expect, test } from '@jest/globals';
import { freshness } from './freshness.js';

describe('freshness', () => {
  const now = 1_760_000_000_000;
  const window = { ttlMs: 300_000, skewMs: 60_000 };

  test.each([
    [-300_001, 'stale'],
    [-300_000, 'fresh'],
    [0, 'fresh'],
    [60_000, 'fresh'],
    [60_001, 'future'],
  ])('a packet stamped %i ms from now is %s', (offset, expected) => {
    expect(freshness(BigInt(now + offset), now, window)).toBe(expected);
  });

  test('a timestamp of 2^64-1 is in the future, one of 0 is stale', () => {
    expect(freshness(2n ** 64n - 1n, now, window)).toBe('future');
    expect(freshness(0n, now, window)).toBe('stale');
  });
});
