import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { floats } from './floats.js';
import { gaussians } from './gaussians.js';
import { integers } from './integers.js';
import { permutation } from './permutation.js';
import { demand, draw, OverdrawnError } from './sample.js';
import type { Sample } from './sample.js';
import { strings } from './strings.js';
import { uuids } from './uuids.js';

/** Bytes that a drawing takes. */
function bytesOf(sample: Sample<unknown>): number {
  let taken = 0;
  draw(sample, (count) => {
    taken += count;
    return randomBytes(count);
  });
  return taken;
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';

describe('draw', () => {
  // Bits of one value: those of a trial, divided by the share of trials that succeed.
  test.each<[string, number, number, Sample<unknown>]>([
    ['coins', 1, 1000, integers({ count: 1000, min: 0, max: 1 })],
    ['dice', 3 / (6 / 8), 1000, integers({ count: 1000, min: 1, max: 6 })],
    ['numbers from 0 to 100', 7 / (101 / 128), 1000, integers({ count: 1000, min: 0, max: 100 })],
    ['bytes', 8, 1000, integers({ count: 1000, min: 0, max: 255 })],
    ['numbers of 3 * 2^50', 52 / (3 / 4), 1000, integers({ count: 1000, min: 0, max: 3 * 2 ** 50 - 1 })],
    ['safe integers', 54, 1000, integers({ count: 1000, min: -(2 ** 53 - 1), max: 2 ** 53 - 1 })],
    ['floats', 53, 1000, floats({ count: 1000 })],
    ['characters of 36', 6 / (36 / 64), 3200, strings({ count: 100, length: 32, alphabet })],
    ['UUIDs', 122, 100, uuids({ count: 100, version: 4, now: 0 })],
    ['UUIDs of version 7', 74, 100, uuids({ count: 100, version: 7, now: 0 })],
    ['pairs of gaussians', 106 / (Math.PI / 4), 500, gaussians({ count: 1000 })],
  ])('takes for %s %d bits each, and 4 %% more at most', (_, bits, count, sample) => {
    const runs = 200;
    let bytes = 0;
    for (let i = 0; i < runs; i++) bytes += bytesOf(sample);
    const used = (bytes * 8) / (runs * count);
    expect(used).toBeGreaterThan(bits * 0.94);
    expect(used).toBeLessThan(bits * 1.04);
  });

  test('takes 1.13 bytes for a number from 0 to 100, and little more than a byte for a single die', () => {
    const mean = (sample: Sample<unknown>) => {
      let bytes = 0;
      for (let i = 0; i < 2000; i++) bytes += bytesOf(sample);
      return bytes / 2000;
    };
    expect(mean(integers({ count: 1000, min: 0, max: 100 })) / 1000).toBeLessThan(1.13);
    expect(mean(integers({ count: 1, min: 1, max: 6 }))).toBeLessThan(1.15);
  });

  test.each<[string, Sample<unknown>]>([
    ['one die', integers({ count: 1, min: 1, max: 6 })],
    ['many dice', integers({ count: 1000, min: 1, max: 6 })],
    ['numbers of which half are rejected', integers({ count: 1000, min: 0, max: 2 ** 20 })],
    ['all of a range', integers({ count: 1000, min: 1, max: 1000, unique: true })],
    ['half of a range', integers({ count: 500, min: 1, max: 1000, unique: true })],
    ['one value', integers({ count: 3, min: 7, max: 7 })],
    ['a permutation', permutation({ n: 10_000 })],
    ['a permutation of one', permutation({ n: 1 })],
    ['gaussians', gaussians({ count: 3 })],
  ])('never takes more for %s than it said at most', (_, sample) => {
    let largest = 0;
    for (let i = 0; i < 100; i++) largest = Math.max(largest, bytesOf(sample));
    expect(largest).toBeLessThanOrEqual(sample.most);
    expect(sample.likely).toBeLessThanOrEqual(sample.most);
    expect(sample.most).toBeLessThan(65_536);
  });

  test.each<[string, number, Sample<unknown>]>([
    ['numbers, all rejected', 0xff, integers({ count: 1000, min: 0, max: 100 })],
    ['a wide range, all rejected', 0xff, integers({ count: 1000, min: 0, max: 3 * 2 ** 50 - 1 })],
    ['different numbers, all the same', 0x00, integers({ count: 10, min: 0, max: 1000, unique: true })],
    [
      'different numbers out of a few, all rejected',
      0xff,
      integers({ count: 5, min: 1, max: 6, unique: true }),
    ],
    ['a permutation, all rejected', 0xff, permutation({ n: 10_000 })],
    ['characters, all rejected', 0xff, strings({ count: 100, length: 256, alphabet })],
    ['gaussians, all rejected', 0x00, gaussians({ count: 1000 })],
  ])('ends at its most, and takes nothing beyond, where a supply is no entropy: %s', (_, value, sample) => {
    let taken = 0;
    const constant = (count: number) => {
      taken += count;
      return Buffer.alloc(count, value);
    };
    expect(() => draw(sample, constant)).toThrow(OverdrawnError);
    expect(taken).toBeLessThanOrEqual(sample.most);
  });

  test('wipes what it took, also when the supply gives out in the middle', () => {
    const supplies: Buffer[] = [];
    const take = (count: number) => {
      if (supplies.length === 2) throw new Error('gone');
      supplies.push(Buffer.alloc(count, 0xff)); // all ones: rejected
      return supplies.at(-1) ?? Buffer.alloc(0);
    };
    expect(() => draw(integers({ count: 10, min: 1, max: 6 }), take)).toThrow('gone');
    expect(Buffer.concat(supplies).every((byte) => byte === 0)).toBe(true);
  });
});

describe('demand', () => {
  test.each([
    [1, 0.75],
    [1, 0.5],
    [10, 101 / 128],
    [1000, 0.5],
    [1000, 101 / 128],
    [10_000, 0.9],
  ])('%d successes of probability %d need more than most with 2^-64 at most', (successes, acceptance) => {
    const trials = demand(successes, 8, acceptance).most;
    expect(fewerThan(successes, trials, acceptance)).toBeLessThan(2 ** -64);
  });

  test('is exact where nothing is rejected twice over', () => {
    expect(demand(1, 3, 0.75)).toEqual({ likely: 1, most: expect.any(Number) });
    expect(demand(1000, 7, 101 / 128).likely).toBe(1108);
  });
});

/** P(Binomial(n, p) < s), in logarithms. */
function fewerThan(s: number, n: number, p: number): number {
  let log = n * Math.log(1 - p);
  let sum = Math.exp(log);
  for (let k = 1; k < s; k++) {
    log += Math.log((n - k + 1) / k) + Math.log(p / (1 - p));
    sum += Math.exp(log);
  }
  return sum;
}
