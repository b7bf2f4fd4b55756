import { expect, test } from '@jest/globals';
import { UsageBook } from './usage-book.js';

const DAY_MS = 86_400_000;

function bookAt(now: number) {
  const time = { now };
  return { time, book: new UsageBook({ now: () => time.now, monotonic: () => time.now }) };
}

test('what was set aside and never taken is given back within the day', async () => {
  const { book } = bookAt(20_000 * DAY_MS);
  expect(await book.reserve('a', 900, 1000)).toBe(true);
  expect(await book.reserve('a', 200, 1000)).toBe(false);
  book.release('a', 900, book.today());
  expect(await book.reserve('a', 1000, 1000)).toBe(true);
});

test('what was set aside yesterday is not given back today', async () => {
  const { time, book } = bookAt(20_000 * DAY_MS - 1);
  const day = book.today();
  await book.reserve('a', 500, 1000);
  time.now++;
  await book.reserve('a', 300, 1000);
  book.release('a', 500, day);
  expect(book.of('a').bytes).toBe(300);
});

test('a clock that is set back gives no quota a second time', async () => {
  const { time, book } = bookAt(20_000 * DAY_MS);
  await book.reserve('a', 1000, 1000);
  time.now -= DAY_MS;
  expect(await book.reserve('a', 1, 1000)).toBe(false);
});
