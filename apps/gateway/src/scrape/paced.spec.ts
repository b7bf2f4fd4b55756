import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { paced } from './paced.js';

test('what is asked for together is made once, after it was asked for', async () => {
  let made = 0;
  const get = paced(() => Promise.resolve(++made));
  const together = [get(), get(), get()];
  expect(made).toBe(0);
  expect(await Promise.all(together)).toEqual([1, 1, 1]);
  expect(await get()).toBe(2);
});

test('a caller that asks while it is made waits for the next one', async () => {
  let let1Go = (): void => undefined;
  let made = 0;
  const get = paced(async () => {
    const mine = ++made;
    if (mine === 1) await new Promise<void>((resolve) => (let1Go = resolve));
    return mine;
  });
  const first = get();
  await setImmediate();
  await setImmediate();
  const second = get();
  let1Go();
  expect([await first, await second]).toEqual([1, 2]);
});

test('takes a tenth of the time at most', async () => {
  let now = 0;
  const begun: number[] = [];
  const get = paced(
    () => {
      begun.push(performance.now());
      now += 5; // its cost
      return Promise.resolve();
    },
    () => now,
  );
  for (let i = 0; i < 3; i++) await get();
  const gaps = begun.slice(1).map((at, i) => at - (begun[i] ?? 0));
  for (const gap of gaps) expect(gap).toBeGreaterThan(43); // 45 ms that it waited for, as timers count
});
