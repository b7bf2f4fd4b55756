import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RateLimiter } from './rate-limiter.js';
import type { RatePolicy } from './rate-limiter.js';

const policy: RatePolicy = { max: 5, windowSecs: 10, burst: 3, blockAfter: 4, blockSecs: 60 };

function limiterAt(start = 1e6) {
  const time = { now: start };
  return { time, limiter: new RateLimiter(() => time.now, 3) };
}

describe('RateLimiter', () => {
  test('never admits more than max in any window, nor more than burst in any second', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 3000, noNaN: true }), { maxLength: 200 }), (pauses) => {
        const { time, limiter } = limiterAt();
        const admitted: number[] = [];
        for (const pause of pauses) {
          time.now += pause;
          if (limiter.hit('a', policy).refused !== undefined) continue;
          admitted.push(time.now);
          expect(admitted.filter((at) => time.now - at < 10_000).length).toBeLessThanOrEqual(5);
          expect(admitted.filter((at) => time.now - at < 1000).length).toBeLessThanOrEqual(3);
        }
      }),
    );
  });

  test('admits a retry after the time it told, rounded up to a second', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 900, noNaN: true }), { maxLength: 60 }), (pauses) => {
        const { time, limiter } = limiterAt();
        for (const pause of pauses) {
          time.now += pause;
          const { refused, waitMs } = limiter.hit('a', policy);
          if (refused === undefined) continue;
          time.now += Math.ceil(waitMs / 1000) * 1000;
          expect(limiter.hit('a', policy).refused).toBeUndefined();
        }
      }),
    );
  });

  test('tells what is left, and when there will be more', () => {
    const { time, limiter } = limiterAt(0);
    expect(limiter.hit('a', policy)).toEqual({ left: 4, burstLeft: 2, waitMs: 10_156.25 });
    time.now = 500;
    expect(limiter.hit('a', policy)).toMatchObject({ left: 3, burstLeft: 1 });
  });

  test('counts each key by itself', () => {
    const { limiter } = limiterAt();
    for (let i = 0; i < 4; i++) limiter.hit('a', policy);
    expect(limiter.hit('a', policy).refused).toBe('burst');
    expect(limiter.hit('b', policy).refused).toBeUndefined();
  });

  test('blocks after so many refusals within an hour, for so long', () => {
    const { time, limiter } = limiterAt();
    for (let i = 0; i < 3; i++) limiter.hit('a', policy);
    for (let i = 0; i < 3; i++) expect(limiter.hit('a', policy).refused).toBe('burst');
    expect(limiter.hit('a', policy)).toMatchObject({ refused: 'blocked', blockedNow: true, waitMs: 60_000 });
    time.now += 59_000;
    const later = limiter.hit('a', policy);
    expect(later).toMatchObject({ refused: 'blocked', waitMs: 1000 });
    expect(later.blockedNow).toBeUndefined();
    time.now += 1000;
    expect(limiter.hit('a', policy).refused).toBeUndefined();
  });

  test('forgets refusals after an hour', () => {
    const { time, limiter } = limiterAt();
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 3; i++) limiter.hit('a', policy);
      for (let i = 0; i < 3; i++) expect(limiter.hit('a', policy).refused).toBe('burst');
      time.now += 3_700_000;
    }
  });

  test('checks without counting, counts without checking', () => {
    const { limiter } = limiterAt();
    for (let i = 0; i < 50; i++) expect(limiter.check('a', policy)).toBeUndefined();
    for (let i = 0; i < 3; i++) limiter.count('a', policy);
    expect(limiter.check('a', policy)?.refused).toBe('burst');
  });

  test('remembers a bounded number of keys, those seen last', () => {
    const { limiter } = limiterAt();
    for (let i = 0; i < 3; i++) limiter.count('a', policy);
    for (const key of ['b', 'c']) limiter.count(key, policy);
    limiter.count('a', policy);
    for (const key of ['d', 'e']) limiter.count(key, policy);
    expect(limiter.check('a', policy)?.refused).toBe('burst');
    for (const key of ['f', 'g', 'h']) limiter.count(key, policy);
    expect(limiter.check('a', policy)).toBeUndefined();
  });

  test("keeps the contract of Nest's ThrottlerStorage", async () => {
    const { limiter } = limiterAt(0);
    expect(await limiter.increment('a', 1000, 2, 5000)).toMatchObject({ totalHits: 1, isBlocked: false });
    expect(await limiter.increment('a', 1000, 2, 5000)).toMatchObject({ totalHits: 2, isBlocked: false });
    expect(await limiter.increment('a', 1000, 2, 5000)).toEqual({
      totalHits: 2,
      timeToExpire: 5,
      isBlocked: true,
      timeToBlockExpire: 5,
    });
  });
});
