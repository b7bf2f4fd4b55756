import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { nextBoot } from './boot.js';
import type { Boot } from './boot.js';
import { StateError } from './state-error.js';

const NOW = 1_790_000_000_000;
const SKEW_MS = 60_000;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qrng-boot-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const next = (now: number): Boot => nextBoot(folder, now, SKEW_MS);

describe('nextBoot', () => {
  test('is the time of the start', () => {
    expect(next(NOW)).toEqual({ boot: BigInt(NOW), behindMs: 0, isLower: false });
    expect(next(NOW + 1)).toEqual({ boot: BigInt(NOW + 1), behindMs: 0, isLower: false });
  });

  test('goes up by one when two runs begin in the same millisecond', () => {
    next(NOW);
    expect(next(NOW).boot).toBe(BigInt(NOW) + 1n);
  });

  test('goes up also when the clock went back by less than the skew, and reports how far', () => {
    next(NOW);
    expect(next(NOW - 59_000)).toEqual({ boot: BigInt(NOW) + 1n, behindMs: 59_000, isLower: false });
    expect(next(NOW - 59_000).boot).toBe(BigInt(NOW) + 2n);
  });

  test('is the present clock when the last one lies in the future: no gateway has taken that, or takes it now', () => {
    next(NOW + 86_400_000);
    expect(next(NOW)).toEqual({ boot: BigInt(NOW), behindMs: 86_400_000, isLower: true });
    expect(next(NOW).boot).toBe(BigInt(NOW) + 1n);
  });

  test('is never later than the skew from now', () => {
    next(NOW);
    expect(next(NOW - SKEW_MS + 1)).toMatchObject({ boot: BigInt(NOW) + 1n, isLower: false });
    expect(next(NOW - SKEW_MS + 1)).toMatchObject({ boot: BigInt(NOW - SKEW_MS + 1), isLower: true });
  });

  test('is on disk before it is used', () => {
    const { boot } = next(NOW);
    expect(readFileSync(join(folder, 'boot'), 'utf8')).toBe(`${boot}\n`);
  });

  test('is not disturbed by what a crash left of an earlier attempt', () => {
    writeFileSync(join(folder, 'boot.tmp'), '17');
    expect(next(NOW).boot).toBe(BigInt(NOW));
  });

  test.each(['', '12', '1e3\n', '-1\n', '99999999999999999999\n', '1\n2\n'])(
    'refuses a damaged file: %p',
    (text) => {
      writeFileSync(join(folder, 'boot'), text);
      expect(() => next(NOW)).toThrow(StateError);
    },
  );

  test('refuses a folder that is none', () => {
    expect(() => nextBoot(join(folder, 'absent'), NOW, SKEW_MS)).toThrow(StateError);
  });
});
