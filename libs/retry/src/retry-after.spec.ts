import { describe, expect, test } from '@jest/globals';
import { parseRetryAfter } from './retry-after.js';

const now = Date.UTC(2026, 10, 23, 12, 0, 0);

describe('parseRetryAfter', () => {
  test.each([
    ['0', 0],
    ['7', 7000],
    ['600', 600_000],
    ['601', 600_000],
    ['9999999999', 600_000],
    ['Mon, 23 Nov 2026 12:00:30 GMT', 30_000],
    ['Mon, 23 Nov 2026 11:59:30 GMT', 0],
    ['Tue, 24 Nov 2026 12:00:00 GMT', 600_000],
  ])('%s is %d ms', (value, expected) => {
    expect(parseRetryAfter(value, now)).toBe(expected);
  });

  test.each([
    undefined,
    '',
    '-1',
    '1.5',
    '1e9',
    ' 7',
    '99999999999',
    'soon',
    '2026-11-23',
    'Mon, 23 Nov 2026 25:00:30 GMT',
  ])('%s says nothing', (value) => {
    expect(parseRetryAfter(value, now)).toBeUndefined();
  });

  test('a header given twice says nothing', () => {
    expect(parseRetryAfter(['7', '8'], now)).toBeUndefined();
  });
});
