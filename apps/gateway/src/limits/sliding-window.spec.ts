import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SlidingWindow } from './sliding-window.js';

/** What was added in the `windowMs` before `now`, counted the slow way. */
function exactSum(added: readonly (readonly [number, number])[], now: number, windowMs: number): number {
  return added.reduce((sum, [at, amount]) => (now - at < windowMs ? sum + amount : sum), 0);
}

const steps = fc.array(fc.tuple(fc.double({ min: 0, max: 500, noNaN: true }), fc.nat(9)), { maxLength: 300 });

describe('SlidingWindow', () => {
  test('counts every amount for a whole window, and at most 1/64 longer', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 64, max: 2000 }), (moves, windowMs) => {
        const window = new SlidingWindow(windowMs);
        const added: [number, number][] = [];
        let now = 1e6;
        for (const [pause, amount] of moves) {
          now += pause;
          window.add(amount, now);
          added.push([now, amount]);
          expect(window.sum(now)).toBeGreaterThanOrEqual(exactSum(added, now, windowMs));
          expect(window.sum(now)).toBeLessThanOrEqual(exactSum(added, now, windowMs * (1 + 1 / 64) + 1e-6));
        }
      }),
    );
  });

  test('counts an amount that came earlier as if it had been added then', () => {
    const late = fc.array(
      fc.record({
        pause: fc.double({ min: 0, max: 400, noNaN: true }),
        age: fc.double({ min: 0, max: 1500, noNaN: true }),
        amount: fc.nat(9),
      }),
      { maxLength: 100 },
    );
    fc.assert(
      fc.property(late, (moves) => {
        const window = new SlidingWindow(1000);
        const added: [number, number][] = [];
        let now = 1e6;
        for (const { pause, age, amount } of moves) {
          now += pause;
          window.add(amount, now, now - age);
          added.push([now - age, amount]);
          expect(window.sum(now)).toBeGreaterThanOrEqual(exactSum(added, now, 1000));
          expect(window.sum(now)).toBeLessThanOrEqual(exactSum(added, now, 1000 * (1 + 1 / 64) + 1e-6));
        }
      }),
    );
  });

  test('says when the sum has fallen to a limit: not a moment before', () => {
    fc.assert(
      fc.property(steps, fc.nat(20), (moves, limit) => {
        const window = new SlidingWindow(1000);
        let now = 1e6;
        for (const [pause, amount] of moves) window.add(amount, (now += pause));
        const ms = window.msUntil(limit, now);
        if (ms > 0.01) expect(window.sum(now + ms - 0.01)).toBeGreaterThan(limit);
        expect(window.sum(now + ms + 0.01)).toBeLessThanOrEqual(limit);
      }),
    );
  });

  test('says when the oldest amount goes', () => {
    const window = new SlidingWindow(64_000);
    expect(window.msUntilLess(500)).toBe(0);
    window.add(1, 500);
    window.add(1, 30_000);
    expect(window.msUntilLess(30_000)).toBe(35_000);
    expect([window.sum(64_999), window.sum(65_000), window.sum(95_000)]).toEqual([2, 1, 0]);
  });

  test('is empty after it was cleared', () => {
    const window = new SlidingWindow(1000);
    window.add(5, 10);
    window.clear();
    expect(window.sum(10)).toBe(0);
    window.add(1, 11);
    expect(window.sum(11)).toBe(1);
  });
});
