import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Lockstep } from './lockstep.js';

const ALREADY = (): number => 0;

test('what comes in one turn of the event loop goes on after it, in its order', async () => {
  const steps: string[] = [];
  const lockstep = new Lockstep(ALREADY);
  for (const name of ['a', 'b', 'c']) lockstep.join(() => steps.push(name));
  expect(steps).toEqual([]);
  await setImmediate();
  expect(steps).toEqual(['a', 'b', 'c']);
});

test('a step runs for all before the next step runs for the first', async () => {
  const steps: string[] = [];
  const lockstep = new Lockstep(ALREADY);
  for (const name of ['a', 'b']) {
    lockstep.join(() => {
      steps.push(`${name}1`);
      void Promise.resolve().then(() => steps.push(`${name}2`));
    });
  }
  await setImmediate();
  expect(steps).toEqual(['a1', 'b1', 'a2', 'b2']);
});

test('what comes while others go on goes with the next turn', async () => {
  const steps: string[] = [];
  const lockstep = new Lockstep(ALREADY);
  lockstep.join(() => {
    lockstep.join(() => steps.push('late'));
    steps.push('early');
  });
  await setImmediate();
  expect(steps).toEqual(['early']);
  await setImmediate();
  expect(steps).toEqual(['early', 'late']);
});

test('of a crowd, 64 at a time go through all their steps, each in a turn', async () => {
  const steps: string[] = [];
  const lockstep = new Lockstep(ALREADY);
  for (let i = 0; i < 130; i++) {
    lockstep.join(() => {
      steps.push(`first ${i}`);
      void Promise.resolve().then(() => steps.push(`second ${i}`));
    });
  }
  const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  const group = (from: number, to: number) => [
    ...numbers(from, to).map((i) => `first ${i}`),
    ...numbers(from, to).map((i) => `second ${i}`),
  ];
  for (const [from, to] of [
    [0, 64],
    [64, 128],
    [128, 130],
  ] as const) {
    await setImmediate();
    expect(steps.splice(0)).toEqual(group(from, to));
  }
});

test('while connections come, those who wait let more of them in', async () => {
  const steps: string[] = [];
  const lockstep = new Lockstep(ALREADY);
  lockstep.join(() => steps.push('a'));
  for (const turn of ['first', 'second', 'third']) {
    lockstep.noteNewcomer();
    await setImmediate();
    steps.push(turn);
  }
  lockstep.join(() => steps.push('b'));
  await setImmediate();
  expect(steps).toEqual(['first', 'second', 'third', 'a', 'b']);
});

test('they wait for newcomers no longer than they will take themselves, however many come', async () => {
  let now = 0;
  let went = 0;
  const lockstep = new Lockstep(() => now);
  for (let i = 0; i < 10; i++) lockstep.join(() => (went += 1));
  const turns = [];
  for (; went === 0; now += 0.1) {
    lockstep.noteNewcomer();
    await setImmediate();
    turns.push(now.toFixed(1));
  }
  expect(turns).toEqual(['0.0', '0.1', '0.2', '0.3', '0.4', '0.5']);
});
