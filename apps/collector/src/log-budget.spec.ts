import { describe, expect, test } from '@jest/globals';
import { LogBudget } from './log-budget.js';

const MINUTE = 60_000;

describe('LogBudget', () => {
  test('has four lines at once, then one each 15 minutes, which says what was left out', () => {
    const budget = new LogBudget();
    for (let i = 0; i < 4; i++) expect(budget.note('up', i, { bytes: 10 })).toEqual({ times: 1, bytes: 10 });
    for (let i = 0; i < 99; i++) expect(budget.note('up', 100 + i, { bytes: 10 })).toBeUndefined();
    expect(budget.note('up', 15 * MINUTE, { bytes: 10 })).toEqual({ times: 100, bytes: 1000 });
    expect(budget.note('up', 16 * MINUTE)).toBeUndefined();
  });

  test('counts each event by itself, and is full again after an hour', () => {
    const budget = new LogBudget();
    for (let i = 0; i < 5; i++) budget.note('up', 0);
    expect(budget.note('down', 0)).toEqual({ times: 1 });
    expect(budget.note('up', 60 * MINUTE)).toEqual({ times: 2 });
    for (let i = 0; i < 3; i++) expect(budget.note('up', 60 * MINUTE)).toEqual({ times: 1 });
    expect(budget.note('up', 60 * MINUTE)).toBeUndefined();
  });

  test('writes fewer than a hundred lines on a day of an event a second', () => {
    const budget = new LogBudget();
    let [lines, events] = [0, 0];
    for (let second = 0; second < 86_400; second++) {
      const news = budget.note('up', second * 1000);
      lines += news === undefined ? 0 : 1;
      events += news?.times ?? 0;
    }
    expect(lines).toBe(99);
    expect(events).toBeGreaterThan(85_000);
  });
});
