import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Turns } from './turns.js';
import type { Waiter } from './turns.js';

let turns: Turns;
let went: string[];
beforeEach(() => {
  turns = new Turns(10);
  went = [];
});
afterEach(() => turns.close());

function waiter(name: string, source: string, units = 1, isReady = () => true): Waiter {
  return { source, units, isReady, go: () => went.push(name) };
}

test('go at once while the turn has time for them, and then in the next one', async () => {
  for (let i = 0; i < 15; i++) expect(turns.take(waiter(String(i), '192.0.2.1'))).toBe(i < 10);
  expect([went.length, turns.waiting]).toEqual([10, 5]);
  await setImmediate();
  await setImmediate();
  expect([went.length, turns.waiting]).toEqual([15, 0]);
});

test('wait while others are let in, one in a turn, but not forever', async () => {
  for (let i = 0; i < 10; i++) turns.take(waiter('early', '192.0.2.1'));
  await setImmediate(); // the time began
  for (let i = 0; i < 20; i++) turns.take(waiter('flood', '192.0.2.1'));
  for (let turn = 0; turn < 5; turn++) {
    turns.noteNewcomer();
    await setImmediate();
  }
  expect(went.filter((name) => name === 'flood')).toHaveLength(10);
  for (let newcomer = 0; newcomer < 60; newcomer++) turns.noteNewcomer();
  await setImmediate();
  expect(went.filter((name) => name === 'flood')).toHaveLength(20);
});

test('what costs more takes more of the turn', () => {
  for (let i = 0; i < 3; i++) turns.take(waiter(`handshake ${i}`, '192.0.2.1', 4));
  expect(went).toEqual(['handshake 0', 'handshake 1']);
  turns.take(waiter('small', '192.0.2.1', 2));
  expect(went).toHaveLength(3);
});

test('a client that comes seldom goes before a flood, also from 200 networks, and beside one from the same network', async () => {
  for (let i = 0; i < 2000; i++) turns.take(waiter('flood', `198.51.${i % 200}.1`));
  for (let i = 0; i < 100; i++) turns.take(waiter('neighbour', '192.0.2.7'));
  turns.take(waiter('good', '203.0.113.1'));
  turns.take(waiter('good too', '192.0.2.8'));
  for (let turn = 0; turn < 50; turn++) await setImmediate();
  const places = ['good', 'good too'].map((name) => went.indexOf(name));
  expect(Math.min(...places)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...places)).toBeLessThan(225); // of 2102: once each of 202 addresses had its turn
});

test('an address where somebody has shown who they are goes before a flood from 200 networks, also when it comes often', async () => {
  const flood = (): void => {
    for (let i = 0; i < 200; i++) turns.take(waiter('flood', `198.51.${i}.1`));
  };
  turns.trust('192.0.2.1');
  flood();
  for (let i = 0; i < 10; i++) turns.take(waiter('good', '192.0.2.1'));
  for (let turn = 0; turn < 3; turn++) await setImmediate();
  expect(went.filter((name) => name === 'good')).toHaveLength(10);
  expect(went.filter((name) => name === 'flood')).toHaveLength(20 + 10); // no less than a half
});

test('a flood takes all that nobody else uses', async () => {
  for (let i = 0; i < 200; i++) turns.take(waiter('flood', '192.0.2.1'));
  for (let turn = 0; turn < 30; turn++) await setImmediate();
  expect(went).toHaveLength(200);
});

test('who is not ready is passed over, and looked at again later', async () => {
  let ready = false;
  turns.take(waiter('late', '192.0.2.1', 1, () => ready));
  turns.take(waiter('other', '192.0.2.2'));
  expect(went).toEqual(['other']);
  ready = true;
  await setTimeout(50);
  expect(went).toEqual(['other', 'late']);
});

test('who is not ready holds up nobody behind it in its line', async () => {
  turns.take(waiter('never', '192.0.2.1', 0, () => false));
  for (let i = 0; i < 15; i++) turns.take(waiter('other', '192.0.2.1'));
  expect([went.length, turns.waiting]).toEqual([10, 6]);
  for (let i = 0; i < 1000 && turns.waiting > 1; i++) await setTimeout(5);
  expect([went.length, turns.waiting]).toEqual([15, 1]);
});

test('who has left is not called', async () => {
  for (let i = 0; i < 10; i++) turns.take(waiter('first', '192.0.2.1'));
  const gone = waiter('gone', '192.0.2.2');
  turns.take(gone);
  turns.cancel(gone);
  turns.cancel(gone);
  await setImmediate();
  await setImmediate();
  expect([went.length, turns.waiting]).toEqual([10, 0]);
});
