import { expect, test } from '@jest/globals';
import { BOUNDS } from '../bounds.js';
import { StrangersLines } from './strangers-lines.js';

test('a stranger gets ten lines, and the number of the others by their status', () => {
  const lines = new StrangersLines();
  let written = 0;
  for (let i = 0; i < 1000; i++) written += Number(lines.admits('192.0.2.1', i % 2 === 0 ? 401 : 404, i));
  expect(written).toBe(BOUNDS.auditLinesOfSource);
  expect(lines.takeLeftOut()).toEqual({ count: 990, statuses: { 401: 495, 404: 495 } });
  expect(lines.takeLeftOut()).toBeUndefined();
});

test('and hides no other one', () => {
  const lines = new StrangersLines();
  for (let i = 0; i < 10_000; i++) lines.admits(`198.51.${i % 100}.1`, 401, i);
  expect(lines.admits('192.0.2.1', 200, 10_000)).toBe(true);
});
