import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { IsOptional } from './class-validator.js';
import { readSettings, secretFiles, SettingsError } from './read-settings.js';
import type { Environment } from './read-settings.js';
import { HmacKeyVariable, IntegerVariable, ListVariable, Secret } from './variables.js';

class Example {
  @Secret()
  @HmacKeyVariable()
  QRNG_KEY!: string;

  @IntegerVariable(1, 100)
  QRNG_SIZE = 7;

  @IsOptional()
  @ListVariable('a list of digits', (item) => /^\d$/.test(item))
  QRNG_LIST?: string[];
}

const key = randomBytes(32).toString('hex');
const folder = mkdtempSync(join(tmpdir(), 'qrng-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

function problemsOf(env: Environment): readonly string[] {
  try {
    readSettings(Example, env);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

describe('readSettings', () => {
  test('gives typed values, defaults where a variable is absent or empty, and a frozen object', () => {
    const { settings } = readSettings(Example, { QRNG_KEY: key, QRNG_LIST: '1, 2,', QRNG_SIZE: '' });
    expect(settings).toEqual({ QRNG_KEY: key, QRNG_SIZE: 7, QRNG_LIST: ['1', '2'] });
    expect(Object.isFrozen(settings)).toBe(true);
  });

  test('names every invalid variable in one line each, and never its value', () => {
    const problems = problemsOf({ QRNG_KEY: 'hunter2hunter2', QRNG_SIZE: '101', QRNG_LIST: '1,x' });
    expect(problems).toHaveLength(3);
    for (const name of ['QRNG_KEY', 'QRNG_SIZE', 'QRNG_LIST']) {
      expect(problems.filter((line) => line.startsWith(`${name} must be`))).toHaveLength(1);
    }
    expect(problems.join()).not.toContain('hunter2');
  });

  test.each(['1e1', '0x10', '5.0', '-1', '07', '9007199254740993'])(
    'refuses %p as a whole number',
    (text) => {
      expect(problemsOf({ QRNG_KEY: key, QRNG_SIZE: text })).toEqual([
        'QRNG_SIZE must be a whole number from 1 to 100',
      ]);
    },
  );

  test.each([undefined, key.slice(1), `${key}0`, 'ab'.repeat(32), '0'.repeat(64), `${key.slice(2)}zz`])(
    'refuses %p as a key',
    (text) => expect(problemsOf({ QRNG_KEY: text })).toHaveLength(1),
  );

  test.each([',', ' ', ' , ,'])(
    'refuses %p as a list: it has no item, and would look like one that is unset',
    (text) => {
      expect(problemsOf({ QRNG_KEY: key, QRNG_LIST: text })).toEqual(['QRNG_LIST must be a list of digits']);
    },
  );

  test('reads a secret from its file, without the newline at the end', () => {
    const file = join(folder, 'key');
    writeFileSync(file, `${key}\n`);
    expect(readSettings(Example, { QRNG_KEY_FILE: file }).settings.QRNG_KEY).toBe(key);
    expect(secretFiles(Example, { QRNG_KEY_FILE: file })).toEqual([file]);
  });

  test('refuses a secret given twice, and a secret file that cannot be read', () => {
    expect(problemsOf({ QRNG_KEY: key, QRNG_KEY_FILE: '/nowhere' })).toEqual([
      'QRNG_KEY must be given either directly or as QRNG_KEY_FILE, not both',
    ]);
    expect(problemsOf({ QRNG_KEY_FILE: join(folder, 'absent') })).toEqual([
      'QRNG_KEY_FILE must name a readable file (ENOENT)',
    ]);
  });

  test('warns of an unknown variable and names the nearest known one', () => {
    const { warnings } = readSettings(Example, { QRNG_KEY: key, QRNG_SIZ: '5', HOME: '/' });
    expect(warnings).toEqual(['QRNG_SIZ is not a setting of this app; the nearest one is QRNG_SIZE']);
  });
});
