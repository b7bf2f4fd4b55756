import { describe, expect, test } from '@jest/globals';
import { exposedAt, timeRefusal } from './freshness.js';

const NOW = 1_760_000_000_000;
const WINDOW = { ttlMs: 300_000, skewMs: 60_000 };
const LARGEST = 2n ** 64n - 1n;

function verdict(timestamp: bigint, boot = 0n): string {
  return timeRefusal({ timestamp, boot }, NOW, WINDOW)?.result ?? 'fresh';
}

describe('freshness', () => {
  test.each([
    [-300_001, 'stale'],
    [-300_000, 'fresh'],
    [0, 'fresh'],
    [60_000, 'fresh'],
    [60_001, 'future'],
  ])('a packet stamped %i ms from now is %s', (offset, expected) => {
    expect(verdict(BigInt(NOW + offset))).toBe(expected);
  });

  test('a timestamp of 2^64-1 is in the future, one of 0 is stale', () => {
    expect(verdict(LARGEST)).toBe('future');
    expect(verdict(0n)).toBe('stale');
  });

  test.each([-300_000, 0, 60_000])(
    'a boot is at most the skew after a timestamp %i ms from now',
    (offset) => {
      const timestamp = BigInt(NOW + offset);
      expect(verdict(timestamp, timestamp + 60_000n)).toBe('fresh');
      expect(verdict(timestamp, timestamp + 60_001n)).toBe('future');
      expect(verdict(timestamp, LARGEST)).toBe('future');
    },
  );
});

test('bytes were exposed when they were first sealed', () => {
  expect(exposedAt({ timestamp: BigInt(NOW), age: 61_000 })).toBe(NOW - 61_000);
});
