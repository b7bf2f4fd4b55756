import { describe, expect, test } from '@jest/globals';
import { Backoff } from './backoff.js';

const highest = () => 1 - 2 ** -32;

describe('Backoff', () => {
  test('doubles its upper limit up to the maximum, and begins again after a success', () => {
    const backoff = new Backoff(100, 1000, highest);
    expect(Array.from({ length: 6 }, () => backoff.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });

  test('takes any time below its limit: full jitter', () => {
    expect(new Backoff(100, 1000, () => 0).next()).toBe(0);
    for (let i = 0; i < 1000; i++) expect(new Backoff(100, 1000).next()).toBeLessThanOrEqual(100);
  });

  test('waits as long as it was asked to, but not longer than the maximum', () => {
    const backoff = new Backoff(100, 1000, highest);
    expect(backoff.next(700)).toBe(700);
    expect(backoff.next(7_000_000)).toBe(1000);
    expect(backoff.next(Infinity)).toBe(1000);
  });

  test('stays at the maximum after years of failures', () => {
    const backoff = new Backoff(1, 30_000, highest);
    for (let i = 0; i < 10_000; i++) backoff.next();
    expect(backoff.next()).toBe(30_000);
  });
});
