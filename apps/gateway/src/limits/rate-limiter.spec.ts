import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RateLimiter } from './rate-limiter.js';
import type { RatePolicy } from './rate-limiter.js';

const policy: RatePolicy = {
  max: 5,
  windowMs: 10_000,
  burst: 3,
  burstMs: 1000,
  blockAfter: 4,
  blockMs: 60_000,
};

function limiterAt(start = 1e6, maxKeys = 3) {
  const time = { now: start };
  return { time, limiter: new RateLimiter({ now: () => time.now, maxKeys, isShared: true }) };
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

  test('goes on counting, and blocking, under a policy with other windows', () => {
    const { time, limiter } = limiterAt();
    for (let i = 0; i < 3; i++) expect(limiter.hit('a', policy).refused).toBeUndefined();
    time.now += 2000;
    const wider = { ...policy, windowMs: 60_000, max: 4 };
    expect(limiter.hit('a', wider)).toMatchObject({ left: 0 });
    for (let i = 0; i < 4; i++) limiter.hit('a', wider);
    expect(limiter.hit('a', { ...policy, max: 1000, windowMs: 1000 }).refused).toBe('blocked');
  });

  test('admits a retry after the time it named, rounded up to a second', () => {
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

  test('reports what is left, and when there will be more', () => {
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

  test('blocks after a number of refusals within an hour, for a time', () => {
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

  test('remembers a bounded number of keys, those seen last', () => {
    const { limiter } = limiterAt();
    for (let i = 0; i < 3; i++) limiter.hit('a', policy);
    for (const key of ['b', 'c']) limiter.hit(key, policy);
    limiter.hit('a', policy);
    for (const key of ['d', 'e']) limiter.hit(key, policy);
    expect(limiter.hit('a', policy).refused).toBe('burst');
    for (const key of ['f', 'g', 'h']) limiter.hit(key, policy);
    expect(limiter.hit('a', policy).refused).toBeUndefined();
  });
});

describe('RateLimiters that exchange their counts', () => {
  function pair() {
    const time = { now: 1e6 };
    const make = () => new RateLimiter({ now: () => time.now, maxKeys: 100, isShared: true });
    const [one, two] = [make(), make()];
    const exchange = (ageMs = 0) => {
      const [fromOne, fromTwo] = [one.takeUnsent(), two.takeUnsent()];
      for (const counts of fromTwo) one.hear(counts, ageMs);
      for (const counts of fromOne) two.hear(counts, ageMs);
    };
    return { time, one, two, exchange };
  }

  test('decide as one would that counts all requests, when they exchange after each', () => {
    const requests = fc.array(
      fc.record({
        pause: fc.double({ min: 0, max: 2000, noNaN: true }),
        atOne: fc.boolean(),
        key: fc.constantFrom('a', 'b'),
      }),
      { maxLength: 100 },
    );
    fc.assert(
      fc.property(requests, (all) => {
        const { time, one, two, exchange } = pair();
        const alone = new RateLimiter({ now: () => time.now, maxKeys: 100, isShared: false });
        for (const { pause, atOne, key } of all) {
          time.now += pause;
          expect((atOne ? one : two).hit(key, policy)).toEqual(alone.hit(key, policy));
          exchange();
        }
      }),
    );
  });

  test('admit no more together than one would, and what was admitted elsewhere since the last exchange', () => {
    const { one, two, exchange } = pair();
    for (let i = 0; i < 2; i++) one.hit('a', policy);
    exchange();
    expect(two.hit('a', policy)).toMatchObject({ left: 2, burstLeft: 0 });
    expect(one.hit('a', policy)).toMatchObject({ left: 2, burstLeft: 0 }); // neither has heard of the other's third
    exchange();
    expect([one.hit('a', policy).refused, two.hit('a', policy).refused]).toEqual(['burst', 'burst']);
  });

  test('count what they hear at the time at which it was counted', () => {
    const { time, one, two, exchange } = pair();
    for (let i = 0; i < 3; i++) one.hit('a', policy);
    time.now += 900;
    exchange(900);
    expect(two.hit('a', policy).refused).toBe('burst');
    time.now += 120; // a slot of the second longer at most
    expect(two.hit('a', policy)).toMatchObject({ left: 1 });
  });

  test('block a key for both that is refused too often by both together', () => {
    const { time, one, two, exchange } = pair();
    for (let i = 0; i < 3; i++) one.hit('a', policy);
    exchange();
    for (const limiter of [one, two, one]) expect(limiter.hit('a', policy).refused).toBe('burst');
    exchange();
    expect(two.hit('a', policy)).toMatchObject({ refused: 'blocked', blockedNow: true });
    expect(one.hit('a', policy)).toMatchObject({ refused: 'blocked', blockedNow: true }); // the same, by itself
    exchange();
    time.now += 59_999;
    expect([one.hit('a', policy).refused, two.hit('a', policy).refused]).toEqual(['blocked', 'blocked']);
    time.now += 1;
    expect([one.hit('a', policy).refused, two.hit('a', policy).refused]).toEqual([undefined, undefined]);
  });

  test('tell a block to one that has not seen the key', () => {
    const { one, two, exchange } = pair();
    for (let i = 0; i < 7; i++) one.hit('a', policy);
    exchange();
    expect(two.hit('a', policy).refused).toBe('blocked');
  });

  test('send each count once, and nothing where nothing was counted', () => {
    const { one } = pair();
    one.hit('a', policy);
    one.hit('a', policy);
    expect(one.takeUnsent()).toEqual([
      { key: 'a', windowMs: 10_000, burstMs: 1000, admitted: 2, refused: 0, blockedMs: 0 },
    ]);
    expect(one.takeUnsent()).toEqual([]);
  });

  test('send after a long silence what still counts, and no more', () => {
    const { time, one } = pair();
    for (let i = 0; i < 10; i++) {
      one.hit('a', policy);
      time.now += 5000;
    }
    expect(one.takeUnsent()).toMatchObject([{ admitted: 2 }]);
  });
});
