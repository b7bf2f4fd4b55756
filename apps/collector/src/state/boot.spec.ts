import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { nextBoot } from './boot.js';
import { StateError } from './state-error.js';

const NOW = 1_790_000_000_000;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qrng-boot-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('nextBoot', () => {
  test('is the time of the start', () => {
    expect(nextBoot(folder, NOW)).toEqual({ boot: BigInt(NOW), behindMs: 0 });
    expect(nextBoot(folder, NOW + 1)).toEqual({ boot: BigInt(NOW + 1), behindMs: 0 });
  });

  test('goes up by one when two runs begin in the same millisecond', () => {
    nextBoot(folder, NOW);
    expect(nextBoot(folder, NOW).boot).toBe(BigInt(NOW) + 1n);
  });

  test('goes up also when the clock went back, and tells how far', () => {
    nextBoot(folder, NOW);
    expect(nextBoot(folder, NOW - 86_400_000)).toEqual({ boot: BigInt(NOW) + 1n, behindMs: 86_400_000 });
    expect(nextBoot(folder, NOW - 86_400_000).boot).toBe(BigInt(NOW) + 2n);
  });

  test('is on disk before it is used', () => {
    const { boot } = nextBoot(folder, NOW);
    expect(readFileSync(join(folder, 'boot'), 'utf8')).toBe(`${boot}\n`);
  });

  test('keeps numbers above 2^53 exactly', () => {
    writeFileSync(join(folder, 'boot'), '9007199254740993\n');
    expect(nextBoot(folder, NOW).boot).toBe(9007199254740994n);
  });

  test('is not disturbed by what a crash left of an earlier attempt', () => {
    writeFileSync(join(folder, 'boot.tmp'), '17');
    expect(nextBoot(folder, NOW).boot).toBe(BigInt(NOW));
  });

  test.each(['', '12', '1e3\n', '-1\n', '99999999999999999999\n', '1\n2\n'])(
    'refuses a damaged file: %p',
    (text) => {
      writeFileSync(join(folder, 'boot'), text);
      expect(() => nextBoot(folder, NOW)).toThrow(StateError);
    },
  );

  test('refuses a folder that is none', () => {
    expect(() => nextBoot(join(folder, 'absent'), NOW)).toThrow(StateError);
  });
});
