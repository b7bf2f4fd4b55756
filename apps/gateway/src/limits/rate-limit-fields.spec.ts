import { describe, expect, test } from '@jest/globals';
import { limitField, policyField, quotaField } from './rate-limit-fields.js';
import type { RatePolicy } from './rate-limiter.js';

const policy: RatePolicy = {
  max: 100,
  windowMs: 60_000,
  burst: 20,
  burstMs: 1000,
  blockAfter: 10,
  blockMs: 900_000,
};
const verdict = { left: 97, burstLeft: 19, waitMs: 57_100 };

describe('the RateLimit fields', () => {
  test('say what a client may do and what is left', () => {
    expect(policyField(policy, undefined)).toBe('"window";q=100;w=60, "burst";q=20;w=1');
    expect(limitField({ policy, verdict }, undefined)).toBe('"window";r=97;t=58, "burst";r=19;t=1');
  });

  test('say it of a quota, too', () => {
    expect(policyField(policy, 1000)).toBe(
      '"window";q=100;w=60, "burst";q=20;w=1, "day";q=1000;qu="content-bytes";w=86400',
    );
    const quota = { bytesPerDay: 1000, left: 40, secs: 3600 };
    expect(limitField({ policy, verdict }, quota)).toMatch(/, "day";r=40;t=3600$/);
    expect(quotaField(quota)).toBe('"day";r=40;t=3600');
  });

  test.each([
    ['window', '"window";r=0;t=3'],
    ['burst', '"burst";r=0;t=3'],
    ['blocked', '"window";r=0;t=3'],
  ] as const)('of a refusal by the %s say when a retry is admitted', (refused, field) => {
    expect(limitField({ policy, verdict: { ...verdict, refused, waitMs: 2001 } }, undefined)).toBe(field);
  });

  test('hold only integers that a structured field can have (RFC 9651, section 3.3.1)', () => {
    const most = Number.MAX_SAFE_INTEGER;
    const high = { ...policy, max: most, burst: Infinity };
    const plenty = { left: most - 1, burstLeft: Infinity, waitMs: 0 };
    const quota = { bytesPerDay: most, left: most, secs: 1 };
    for (const field of [policyField(high, most), limitField({ policy: high, verdict: plenty }, quota)]) {
      const integers = [...field.matchAll(/[;]\w+=([^;,"]+)/g)].map(([, value = '']) => value);
      expect(integers.length).toBeGreaterThan(5);
      for (const integer of integers) expect(integer).toMatch(/^\d{1,15}$/);
    }
  });
});
