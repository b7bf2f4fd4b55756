import { expect, test } from '@jest/globals';
import { UsageBook } from './usage-book.js';
import type { UsageDays } from './usage-book.js';

const DAY_MS = 86_400_000;
const DAY = 20_000;

function bookAt(now: number, isShared = false) {
  const time = { now };
  return { time, book: new UsageBook({ now: () => time.now, monotonic: () => time.now }, isShared) };
}

test('what was set aside yesterday is taken back from yesterday', () => {
  const { time, book } = bookAt(DAY * DAY_MS - 1);
  book.addBytes('a', 500, DAY - 1, false);
  time.now++;
  book.addBytes('a', 300, book.today(), false);
  book.addBytes('a', -400, DAY - 1, false);
  expect(book.of('a').bytes).toBe(300);
  time.now--;
  expect(book.of('a').bytes).toBe(100);
});

test.each([1, 100, -1, -100])(
  'a clock that leaps %d days and comes back finds the usage of the true day again',
  (days) => {
    const { time, book } = bookAt(DAY * DAY_MS);
    book.addBytes('a', 1000, book.today(), false);
    book.countRequest('a');
    time.now += days * DAY_MS;
    expect(book.left('a', 1000)).toBe(1000);
    book.addBytes('a', 7, book.today(), false);
    expect(book.resetsAt()).toBe((DAY + days + 1) * DAY_MS);
    time.now -= days * DAY_MS;
    expect(book.of('a')).toEqual({ requests: 1, bytes: 1000 });
    expect([book.left('a', 1000), book.resetsAt()]).toEqual([0, (DAY + 1) * DAY_MS]);
  },
);

test('usage outlives a restart while the clock is wrong, too', () => {
  const { time, book } = bookAt(DAY * DAY_MS);
  book.addBytes('a', 1000, DAY, false);
  time.now += 100 * DAY_MS;
  const after = bookAt(time.now);
  after.book.restore(JSON.parse(JSON.stringify(book.snapshot())) as UsageDays);
  after.time.now -= 100 * DAY_MS;
  expect(after.book.of('a').bytes).toBe(1000);
});

test('a few days are remembered, the present one always', () => {
  const { time, book } = bookAt(DAY * DAY_MS);
  book.addBytes('a', 1, DAY, false);
  for (const leap of [50, 60, 70, 80, 90]) {
    time.now = (DAY + leap) * DAY_MS;
    book.today();
    time.now = DAY * DAY_MS;
    book.today();
  }
  expect(Object.keys(book.snapshot())).toHaveLength(4);
  expect(book.of('a').bytes).toBe(1);
});

test('what is learned of others is added once to what is counted here', () => {
  const { book } = bookAt(DAY * DAY_MS, true);
  book.addBytes('a', 10, DAY, false);
  expect(book.takeUnsent()).toEqual([{ client: 'a', day: DAY, requests: 0, bytes: 10, unleased: 10 }]);
  book.addBytes('a', 5, DAY, true);
  book.learn({ client: 'a', day: DAY, requests: 3, bytes: 110, claimed: 110 });
  expect(book.of('a')).toEqual({ requests: 3, bytes: 115 });
  expect(book.known()).toEqual([{ client: 'a', day: DAY, requests: 3, bytes: 110, claimed: 110 }]);
  book.hear({ client: 'a', day: DAY, requests: 0, bytes: -100, unleased: 0 });
  expect(book.takeUnsent()).toEqual([{ client: 'a', day: DAY, requests: 0, bytes: 5, unleased: 0 }]);
  expect(book.of('a').bytes).toBe(15);
});
