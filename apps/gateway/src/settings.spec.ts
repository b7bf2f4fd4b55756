import { availableParallelism } from 'node:os';
import { expect, test } from '@jest/globals';
import { workersOf } from './settings.js';

test.each([
  ['1', 1],
  ['64', 64],
  ['auto', Math.min(64, availableParallelism())],
])('QRNG_WORKERS=%s: %d processes serve', (QRNG_WORKERS, count) => {
  expect(workersOf({ QRNG_WORKERS })).toBe(count);
});
