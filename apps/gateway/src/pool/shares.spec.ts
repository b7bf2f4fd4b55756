import { expect, test } from '@jest/globals';
import { reserve, Shares } from './shares.js';

const DAY_MS = 86_400_000;

test('a key alone has had no more than its part, whatever it draws', () => {
  const shares = new Shares();
  for (let now = 0; now < 100_000; now += 10) shares.note('one', 65_536, now);
  expect(shares.isOver('one', 100_000)).toBe(false);
});

test('beside one that draws little, those who draw much have had more than their part, also two together', () => {
  const shares = new Shares();
  for (let now = 0; now < 100_000; now += 1000) {
    shares.note('modest', 32, now);
    shares.note('greedy', 65_536, now);
    shares.note('second', 65_536, now);
  }
  expect(['modest', 'greedy', 'second', 'new'].map((name) => shares.isOver(name, 100_000))).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

test('what was had counts less and less', () => {
  const shares = new Shares();
  shares.note('modest', 1, 0);
  shares.note('greedy', 1_000_000, 0);
  expect([60_000, 115_000, 120_000].map((now) => shares.isOver('greedy', now))).toEqual([true, true, false]);
});

test('a key that drew nothing for a day is forgotten when another one comes', () => {
  const shares = new Shares();
  shares.note('gone', 1, 0);
  shares.note('greedy', 1_000_000, DAY_MS + 1);
  expect(shares.isOver('greedy', DAY_MS + 1)).toBe(false);
});

test.each([
  [{ in: 10_000, idleMs: 500 }, 20_000],
  [{ in: 80_000, idleMs: 500 }, 65_536],
  [{ in: 80_000, idleMs: 2001 }, 0],
  [{ in: 0, idleMs: undefined }, 0],
])('the reserve of a pool that gets %p is %i', (throughput, bytes) => {
  expect(reserve(throughput)).toBe(bytes);
});
