import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { parseKeyFile } from '../../apps/gateway/src/clients/key-file.js';
import { temporaryFolder } from '../../test/support/gateway.js';
import { createKey, describeKeys, removeKey, rotateKey, setDisabled } from './commands.js';
import { EditError, editKeyFile } from './edit-key-file.js';

let file: string;
beforeEach(() => {
  file = join(temporaryFolder(), 'api-keys.json');
});

function create(name: string, options = {}): string {
  const { key, entry } = createKey(name, options);
  editKeyFile(file, (entries) => [...entries, entry]);
  return key;
}

describe('a new key', () => {
  test('has 256 random bits and a prefix; the file has its digest alone, and mode 600', () => {
    const key = create('lottery');
    expect(key).toMatch(/^qrng_[A-Za-z0-9_-]{43}$/);
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain(key);
    expect(parseKeyFile(text)).toMatchObject([
      { name: 'lottery', sha256: hash('sha256', key), scopes: ['random'] },
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(create('other')).not.toBe(key);
  });

  test('has the scopes, limits and dates that were asked for', () => {
    create('lab', {
      scopes: 'random,status',
      'bytes-per-day': '1048576',
      'requests-per-minute': '10',
      'not-before': '2027-01-01',
      expires: '2027-02-01T12:00:00Z',
    });
    expect(editKeyFile(file)[0]).toMatchObject({
      scopes: ['random', 'status'],
      bytesPerDay: 1_048_576,
      requestsPerMinute: 10,
      notBefore: '2027-01-01',
      expires: '2027-02-01T12:00:00Z',
    });
  });

  test.each([
    ['a name that is there', 'lottery', {}, 'same name'],
    ['a name with a space', 'a b', {}, 'name must be'],
    ['an unknown scope', 'x', { scopes: 'random,root' }, 'scopes must be among'],
    ['a quota of words', 'x', { 'bytes-per-day': 'many' }, 'bytesPerDay must be'],
    ['a day that does not exist', 'x', { expires: '2027-02-30' }, 'expires must be'],
  ])('is not made with %s, and the file stays as it is', (_, name, options, complaint) => {
    create('lottery');
    const before = readFileSync(file, 'utf8');
    expect(() => create(name, options)).toThrow(complaint);
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(existsSync(`${file}.new`)).toBe(false);
  });
});

describe('rotation', () => {
  const now = Date.UTC(2027, 0, 1);

  function rotate(name: string, hours: number, at = now): string {
    let made = '';
    editKeyFile(file, (entries) => {
      const { key, entries: rotated } = rotateKey(entries, name, { hours, now: at });
      made = key;
      return rotated;
    });
    return made;
  }

  test('gives the name a new key with all its limits, and the old one time to go', () => {
    const old = create('lottery', {
      scopes: 'random,status',
      'bytes-per-day': '1000',
      'not-before': '2026-01-01',
    });
    create('other');
    const fresh = rotate('lottery', 48);
    expect(editKeyFile(file)).toMatchObject([
      { name: 'lottery', sha256: hash('sha256', fresh), scopes: ['random', 'status'], bytesPerDay: 1000 },
      {
        name: 'lottery.old',
        sha256: hash('sha256', old),
        bytesPerDay: 1000,
        expires: '2027-01-03T00:00:00.000Z',
      },
      { name: 'other' },
    ]);
    expect(editKeyFile(file)[0]?.notBefore).toBeUndefined();
  });

  test('leaves an old key that expires sooner its date', () => {
    create('lottery', { expires: '2027-01-02' });
    rotate('lottery', 48);
    expect(editKeyFile(file).map(({ expires }) => expires)).toEqual(['2027-01-02', '2027-01-02']);
  });

  test('a second time it waits until the first old key has expired, and drops that', () => {
    create('lottery');
    rotate('lottery', 48);
    expect(() => rotate('lottery', 48, now + 47 * 3_600_000)).toThrow('lottery.old has not expired yet');
    rotate('lottery', 48, now + 48 * 3_600_000);
    expect(editKeyFile(file).map(({ name }) => name)).toEqual(['lottery', 'lottery.old']);
  });

  test.each([
    ['nobody', {}, 'there is no key named nobody'],
    ['expired', { expires: '2027-01-01' }, 'expired has expired'],
  ])('is refused for %s, and the file stays as it is', (name, options, complaint) => {
    create('expired', options);
    const before = readFileSync(file, 'utf8');
    expect(() => rotate(name, 1)).toThrow(complaint);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  test('is refused for a key that is disabled', () => {
    create('lottery');
    editKeyFile(file, (entries) => setDisabled(entries, 'lottery', true));
    expect(() => rotate('lottery', 1)).toThrow('lottery is disabled');
  });
});

describe('a key file', () => {
  test('keeps its mode when it is changed', () => {
    create('one');
    chmodSync(file, 0o640);
    create('two');
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  test('is not changed by two at once', () => {
    create('one');
    writeFileSync(`${file}.new`, '');
    expect(() => create('two')).toThrow(EditError);
    expect(editKeyFile(file)).toHaveLength(1);
  });

  test('lists names, scopes, limits and dates, and no digests', () => {
    create('one', { 'bytes-per-day': '10', expires: '2027-01-01' });
    create('two', { scopes: 'metrics' });
    const entries = setDisabled(editKeyFile(file), 'two', true);
    expect(describeKeys(entries)).toBe(
      'one  random  10 bytes a day  until 2027-01-01\ntwo  metrics  disabled',
    );
  });

  test('loses a key that is revoked, and no other', () => {
    create('one');
    create('two');
    editKeyFile(file, (entries) => removeKey(entries, 'one'));
    expect(editKeyFile(file).map(({ name }) => name)).toEqual(['two']);
    expect(() => editKeyFile(file, (entries) => removeKey(entries, 'one'))).toThrow('no key named one');
  });
});

describe('npm run keys', () => {
  test('prints the key alone on stdout, and nothing of it anywhere else', async () => {
    const { code, stdout, stderr } = await npmRunKeys(['create', 'lottery', '--file', file]);
    expect(code).toBe(0);
    const key = stdout.trim();
    expect(key).toMatch(/^qrng_[A-Za-z0-9_-]{43}$/);
    expect(stderr).not.toContain(key);
    expect(editKeyFile(file)[0]?.sha256).toBe(hash('sha256', key));
  });

  test('prints one JSON value for each command, and the new key in it', async () => {
    const made = await npmRunKeys(['create', 'lottery', '--file', file, '--json']);
    const { key } = JSON.parse(made.stdout) as { key: string };
    expect(made.stderr).not.toContain(key);
    expect(editKeyFile(file)[0]?.sha256).toBe(hash('sha256', key));
    const { stdout } = await npmRunKeys(['disable', 'lottery', '--file', file, '--json']);
    expect(JSON.parse(stdout)).toEqual({ name: 'lottery', file });
  });

  test('rotates, and prints the new key alone on stdout', async () => {
    create('lottery');
    const { code, stdout, stderr } = await npmRunKeys(['rotate', 'lottery', '--file', file]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/the old key is accepted until \d{4}-/);
    expect(editKeyFile(file)[0]?.sha256).toBe(hash('sha256', stdout.trim()));
  });

  test.each([
    ['without a command', [], 64],
    ['with an option that it does not know', ['list', '--loud'], 64],
    ['with an option of another command', ['create', 'x', '--grace-hours', '1', '--file', '/dev/null/x'], 64],
    ['with a grace period of words', ['rotate', 'x', '--grace-hours', 'long', '--file', '/dev/null/x'], 64],
    ['for a key that is not there', ['revoke', 'nobody', '--file', '/dev/null/x'], 1],
  ])('fails %s', async (_, args, expected) => {
    const { code, stdout } = await npmRunKeys(args);
    expect([code, stdout]).toEqual([expected, '']);
  });
});

function npmRunKeys(args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile('npm', ['run', '--silent', 'keys', '--', ...args], (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}
