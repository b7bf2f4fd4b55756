import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { IsOptional } from './class-validator.js';
import { LiveSettings } from './live-settings.js';
import { readSettings, SettingsError } from './read-settings.js';
import {
  FileVariable,
  HmacKeyVariable,
  IntegerVariable,
  Live,
  Needs,
  Secret,
  Variable,
} from './variables.js';

class Example {
  @Live()
  @Secret()
  @HmacKeyVariable()
  QRNG_KEY!: string;

  @Live()
  @IntegerVariable(1, 100)
  QRNG_LIMIT = 7;

  @Live()
  @IntegerVariable(1)
  @Variable('at most QRNG_SIZE', (value, { QRNG_SIZE }: Example) => !(Number(value) > QRNG_SIZE))
  QRNG_PART = 1;

  @IntegerVariable(1)
  QRNG_SIZE = 10;

  @IntegerVariable(1)
  @Needs('QRNG_SIZE=11', ({ QRNG_SIZE }: Example) => QRNG_SIZE === 11)
  QRNG_IDLE = 1;

  @IsOptional()
  @FileVariable()
  QRNG_OTHER_FILE?: string;

  @IsOptional()
  @Variable('the path of a file', (value) => typeof value === 'string')
  QRNG_SETTINGS_PATH?: string;
}

const folder = mkdtempSync(join(tmpdir(), 'qrng-live-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'app.env');
const other = join(folder, 'other');
const key = randomBytes(32).toString('hex');

let env: Record<string, string | undefined>;
let settings: Readonly<Example>;
let live: LiveSettings<Example>;

/** Begins with the file in the environment, as systemd does, beside what the unit sets. */
function begin(text: string, unit: Record<string, string> = {}): void {
  write(text);
  const lines = text.split('\n').filter((line) => line !== '');
  const ofFile = Object.fromEntries(lines.map((line) => line.split('=') as [string, string]));
  env = { QRNG_KEY: key, QRNG_SETTINGS_PATH: file, ...unit, ...ofFile };
  ({ settings } = readSettings(Example, env));
  live = new LiveSettings(Example, settings, env);
}
const write = (text: string): void => writeFileSync(file, text);

describe('LiveSettings', () => {
  beforeEach(() => {
    writeFileSync(other, 'x');
    begin(`QRNG_LIMIT=8\nQRNG_OTHER_FILE=${other}\n`);
  });

  test('takes over what can change, in the settings and in the environment, and names what waits', () => {
    write(`QRNG_LIMIT=9\nQRNG_SIZE=20\nQRNG_OTHER_FILE=${other}\nQRNG_LIMITS=1\nQRNG_IDLE=1\n`);
    expect(live.refresh()).toEqual({
      changed: ['QRNG_LIMIT'],
      waiting: ['QRNG_SIZE', 'QRNG_IDLE'],
      warnings: [expect.stringContaining('QRNG_LIMITS is not a setting')],
      withoutEffect: ['QRNG_IDLE has no effect without QRNG_SIZE=11'],
    });
    expect([settings.QRNG_LIMIT, settings.QRNG_SIZE, env['QRNG_LIMIT'], env['QRNG_SIZE']]).toEqual([
      ...[9, 10],
      ...['9', undefined],
    ]);
    expect(live.refresh()).toMatchObject({ changed: [], waiting: ['QRNG_SIZE', 'QRNG_IDLE'] });
  });

  test('a line that is gone leaves the default, or what the unit sets', () => {
    write(`QRNG_OTHER_FILE=${other}\n`);
    expect(live.refresh().changed).toEqual(['QRNG_LIMIT']);
    expect([settings.QRNG_LIMIT, env['QRNG_LIMIT']]).toEqual([7, undefined]);

    begin('', { QRNG_LIMIT: '50' });
    write('QRNG_LIMIT=60\n');
    live.refresh();
    expect(settings.QRNG_LIMIT).toBe(60);
    write('');
    live.refresh();
    expect(settings.QRNG_LIMIT).toBe(50);
  });

  test.each([
    ['a setting that can change', 'QRNG_LIMIT=0', 'QRNG_LIMIT must be a whole number from 1 to 100'],
    ['one that waits', 'QRNG_LIMIT=9\nQRNG_SIZE=-1', 'QRNG_SIZE must be a whole number of at least 1'],
    ['a pair', 'QRNG_LIMIT=9\nQRNG_PART=11', 'QRNG_PART must be at most QRNG_SIZE'],
  ])('refuses all of a file in which %s is invalid', (_, text, problem) => {
    write(text);
    expect(() => live.refresh()).toThrow(problem);
    expect([settings.QRNG_LIMIT, env['QRNG_LIMIT']]).toEqual([8, '8']);
  });

  test('what is valid only with something that waits, waits with it', () => {
    write(`QRNG_LIMIT=9\nQRNG_PART=11\nQRNG_SIZE=20\nQRNG_OTHER_FILE=${other}\n`);
    expect(live.refresh()).toMatchObject({
      changed: [],
      waiting: ['QRNG_LIMIT', 'QRNG_PART', 'QRNG_SIZE'],
    });
    expect(() => readSettings(Example, env)).not.toThrow();
  });

  test('a file that is unreadable already keeps no setting from changing, and a new fault does', () => {
    rmSync(other);
    write(`QRNG_LIMIT=9\nQRNG_OTHER_FILE=${other}\n`);
    expect(live.refresh().changed).toEqual(['QRNG_LIMIT']);
    writeFileSync(other, 'x');
    write(`QRNG_LIMIT=10\nQRNG_OTHER_FILE=${other}.not\n`);
    expect(() => live.refresh()).toThrow('QRNG_OTHER_FILE must be the path of a readable file');
  });

  test('reads the file of a secret again; a secret that moves to a file waits', () => {
    const [first, second] = [key, randomBytes(32).toString('hex')];
    const secret = join(folder, 'key');
    writeFileSync(secret, first);
    begin('', { QRNG_KEY: '', QRNG_KEY_FILE: secret });
    writeFileSync(secret, second);
    expect(live.refresh()).toMatchObject({ changed: ['QRNG_KEY'], waiting: [] });
    expect(settings.QRNG_KEY).toBe(second);
    rmSync(secret);
    write('QRNG_LIMIT=12\n');
    expect(() => live.refresh()).toThrow('QRNG_KEY_FILE must name a readable file (ENOENT)');
    expect([settings.QRNG_KEY, settings.QRNG_LIMIT]).toEqual([second, 12]);

    writeFileSync(secret, first);
    begin(`QRNG_KEY=${second}\n`);
    write(`QRNG_KEY_FILE=${secret}\n`);
    expect(live.refresh()).toMatchObject({ changed: [], waiting: ['QRNG_KEY'] });
    expect([settings.QRNG_KEY, env['QRNG_KEY']]).toEqual([second, second]);
  });

  test('says that the file cannot be read; without one there is nothing to read', () => {
    rmSync(file);
    expect(() => live.refresh()).toThrow(
      new SettingsError(['QRNG_SETTINGS_PATH must name a readable file (ENOENT)']),
    );
    const rest = { ...env, QRNG_SETTINGS_PATH: undefined };
    expect(new LiveSettings(Example, settings, rest).refresh()).toEqual({
      ...{ changed: [], waiting: [], warnings: [], withoutEffect: [] },
    });
  });

  test('leaves everything else frozen', () => {
    expect(() => Object.assign(settings, { QRNG_SIZE: 1 })).toThrow(TypeError);
    expect(() => Object.assign(settings, { QRNG_NEW: 1 })).toThrow(TypeError);
  });
});
