import { describe, expect, test } from '@jest/globals';
import { Sequencer } from './sequencer.js';

const PATIENCE_MS = 50;

/** Adds packets of one run, each at the moment given, and returns what is due at `now`. */
function dueAfter(now: number, ...arrivals: [sequence: number, at: number][]): number[] {
  const order = new Sequencer<number>(PATIENCE_MS);
  for (const [sequence, at] of arrivals) order.add(packet(sequence), sequence, at);
  return order.due(now);
}

const packet = (sequence: number, boot = 7, collector = 'collector-1') => ({
  collector,
  boot: BigInt(boot),
  sequence: BigInt(sequence),
});

describe('packets in order', () => {
  test('pass at once, from the first of a run', () => {
    expect(dueAfter(0, [1, 0], [2, 0], [3, 0])).toEqual([1, 2, 3]);
  });

  test('pass at once after the first that was heard of, which waits', () => {
    const order = new Sequencer<number>(PATIENCE_MS);
    order.add(packet(41), 41, 0);
    expect(order.due(PATIENCE_MS - 1)).toEqual([]);
    expect(order.nextAt()).toBe(PATIENCE_MS);
    expect(order.due(PATIENCE_MS)).toEqual([41]);
    order.add(packet(42), 42, PATIENCE_MS);
    expect(order.due(PATIENCE_MS)).toEqual([42]);
    expect(order.nextAt()).toBeUndefined();
  });
});

describe('packets behind a gap', () => {
  test('wait for the one that is late, and pass with it', () => {
    const order = new Sequencer<number>(PATIENCE_MS);
    for (const sequence of [1, 4, 3]) order.add(packet(sequence), sequence, 0);
    expect(order.due(0)).toEqual([1]);
    order.add(packet(2), 2, 40);
    expect(order.due(40)).toEqual([2, 3, 4]);
  });

  test('pass without it when they have waited long enough', () => {
    expect(dueAfter(49, [1, 0], [3, 0], [4, 20])).toEqual([1]);
    expect(dueAfter(50, [1, 0], [3, 0], [4, 20])).toEqual([1, 3, 4]);
  });

  test('wait for each gap from when they came, so that many gaps delay no longer than one', () => {
    expect(dueAfter(55, [1, 0], [3, 0], [5, 5], [7, 6])).toEqual([1, 3, 5]);
  });

  test('wait no longer because others that belong before them come late, too', () => {
    expect(dueAfter(50, [1, 0], [9, 0], [7, 30], [5, 40], [11, 41])).toEqual([1, 5, 7, 9]);
  });

  test('all pass at the end', () => {
    expect(dueAfter(Infinity, [9, 0], [5, 1], [7, 2])).toEqual([5, 7, 9]);
  });
});

test('what comes later than that passes at once, for admission to refuse it', () => {
  const order = new Sequencer<number>(PATIENCE_MS);
  for (const sequence of [1, 3]) order.add(packet(sequence), sequence, 0);
  expect(order.due(60)).toEqual([1, 3]);
  order.add(packet(2), 2, 61);
  order.add(packet(4), 4, 61);
  expect(order.due(61)).toEqual([2, 4]);
});

test('a new run waits for what is left of the old one', () => {
  const order = new Sequencer<string>(PATIENCE_MS);
  order.add(packet(1), 'old 1', 0);
  order.add(packet(1, 8), 'new 1', 0);
  expect(order.due(0)).toEqual(['old 1']);
  order.add(packet(2), 'old 2', 10);
  expect(order.due(10)).toEqual(['old 2']);
  order.add(packet(2, 8), 'new 2', 20);
  expect(order.due(50)).toEqual(['new 1', 'new 2']);
});

test('one collector does not wait for another', () => {
  const order = new Sequencer<string>(PATIENCE_MS);
  order.add(packet(5, 7, 'a'), 'a', 0);
  order.add(packet(1, 7, 'b'), 'b', 0);
  expect(order.due(0)).toEqual(['b']);
});

test('the collectors that it knows are bounded, and nobody loses what waits', () => {
  const order = new Sequencer<number>(PATIENCE_MS);
  order.add(packet(5, 7, 'waiting'), -1, 0);
  for (let index = 0; index < 1000; index += 1) {
    order.add(packet(1, 7, `c${index}`), index, 0);
    expect(order.due(0)).toEqual([index]);
  }
  expect(order.due(PATIENCE_MS)).toEqual([-1]);
});

test('a position that only a stolen key could have brings nothing out of order five minutes later', () => {
  const order = new Sequencer<string>(PATIENCE_MS);
  order.add(packet(1), 'one', 0);
  order.add({ ...packet(1), boot: 2n ** 64n - 1n }, 'invented', 0);
  expect(order.due(PATIENCE_MS)).toEqual(['one', 'invented']);
  const later = PATIENCE_MS + 300_000;
  order.add(packet(3), 'three', later);
  expect(order.due(later)).toEqual([]);
  order.add(packet(2), 'two', later + 1);
  expect(order.due(later + PATIENCE_MS)).toEqual(['two', 'three']);
});

test('hundreds of thousands may wait', () => {
  const order = new Sequencer<number>(PATIENCE_MS);
  for (let index = 0; index < 300_000; index += 1) {
    order.add(packet(index + 2), index, index / 300_000);
    if (order.due(-Infinity).length > 0) throw new Error('one passed');
  }
  expect(order.nextAt()).toBe(PATIENCE_MS);
  expect(order.due(PATIENCE_MS + 1).length).toBe(300_000);
});
