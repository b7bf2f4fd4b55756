import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { lockstep } from './lockstep.js';

test('what comes in one turn of the event loop goes on after it, in its order', async () => {
  const steps: string[] = [];
  const together = lockstep();
  for (const name of ['a', 'b', 'c']) together(() => steps.push(name));
  expect(steps).toEqual([]);
  await setImmediate();
  expect(steps).toEqual(['a', 'b', 'c']);
});

test('a step runs for all before the next step runs for the first', async () => {
  const steps: string[] = [];
  const together = lockstep();
  for (const name of ['a', 'b']) {
    together(() => {
      steps.push(`${name}1`);
      void Promise.resolve().then(() => steps.push(`${name}2`));
    });
  }
  await setImmediate();
  expect(steps).toEqual(['a1', 'b1', 'a2', 'b2']);
});

test('what comes while others go on goes with the next turn', async () => {
  const steps: string[] = [];
  const together = lockstep();
  together(() => {
    together(() => steps.push('late'));
    steps.push('early');
  });
  await setImmediate();
  expect(steps).toEqual(['early']);
  await setImmediate();
  expect(steps).toEqual(['early', 'late']);
});

test('of a crowd, 64 at a time go through all their steps', async () => {
  const steps: string[] = [];
  const together = lockstep();
  for (let i = 0; i < 130; i++) {
    together(() => {
      steps.push(`first ${i}`);
      void Promise.resolve().then(() => steps.push(`second ${i}`));
    });
  }
  await setImmediate();
  const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  const group = (from: number, to: number) => [
    ...numbers(from, to).map((i) => `first ${i}`),
    ...numbers(from, to).map((i) => `second ${i}`),
  ];
  expect(steps).toEqual([...group(0, 64), ...group(64, 128), ...group(128, 130)]);
});
