import { describe, expect, test } from '@jest/globals';
import { waitMs } from './wait-ms.js';

const most = (limit: number) => limit - 1;
const least = () => 0;

describe('waitMs', () => {
  test.each([0, 1000, 3_600_000])('never comes before Retry-After says: %d', (retryAfterMs) => {
    expect(waitMs(retryAfterMs, 0, least)).toBe(retryAfterMs);
  });

  test('spreads by a second, or by a tenth where that is more', () => {
    expect(waitMs(2000, 0, most)).toBe(2999);
    expect(waitMs(60_000, 0, most)).toBe(65_999);
  });

  test('doubles the back-off with each attempt, to ten seconds', () => {
    expect([0, 1, 2, 4, 5, 100].map((attempt) => waitMs(undefined, attempt, most))).toEqual([
      500, 1000, 2000, 8000, 10_000, 10_000,
    ]);
    expect(waitMs(undefined, 100, least)).toBe(1);
  });

  test('takes its jitter from the real generator', () => {
    expect(new Set(Array.from({ length: 50 }, () => waitMs(1000, 0))).size).toBeGreaterThan(10);
  });
});
