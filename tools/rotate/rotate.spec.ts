/** `npm run rotate` on a folder that `npm run setup` made, and on a machine's own files. Needs `npm run build`. */
import { spawnSync } from 'node:child_process';
import type { SpawnSyncReturns } from 'node:child_process';
import { hash, X509Certificate } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { parseKeyFile } from '../../apps/gateway/src/clients/key-file.js';

const base = mkdtempSync(join(tmpdir(), 'qrng-rotate-'));
const made = join(base, 'made');
const folder = join(base, 'folder');
const path = (name: string): string => join(folder, name);
const text = (name: string): string => readFileSync(path(name), 'utf8');

beforeAll(() => {
  const hosts = ['--gateway', 'gw.example.com', '--collector-host', '198.51.100.20'];
  expect(command('setup', ...hosts, '--out', made).status).toBe(0);
});
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(made, folder, { recursive: true });
});
afterAll(() => rmSync(base, { recursive: true }));

function command(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync('bin/qrng-dd', args, { encoding: 'utf8' });
}

function rotate(...args: string[]): SpawnSyncReturns<string> {
  return command('rotate', ...args);
}

/** Makes a file look as old as this. */
function age(name: string, secs: number): void {
  utimesSync(path(name), Date.now() / 1000, Date.now() / 1000 - secs);
}

const HMAC = ['gateway/hmac.key', 'gateway/hmac.previous.key', 'collector/hmac.key'];
const hmacKeys = (): string[] => HMAC.map(text);

describe('the HMAC key in a folder', () => {
  test('is replaced on both machines, and the old one kept until the end', () => {
    const [old = ''] = hmacKeys();
    age('gateway/hmac.key', 100_000);
    const began = rotate('hmac', '--in', folder);
    const [current = '', previous, collector] = hmacKeys();
    expect([began.status, began.stderr]).toEqual([0, '']);
    expect(began.stdout).toMatch(/gateway: qrng-dd install gateway\n +collector: qrng-dd install collector/);
    expect(began.stdout).not.toContain(current.trim());
    expect(current).toMatch(/^[0-9a-f]{64}\n$/);
    expect([previous, collector]).toEqual([old, current]);
    expect(current).not.toBe(old);
    expect(statSync(path('gateway/hmac.previous.key')).mode & 0o777).toBe(0o600);

    const again = rotate('hmac', '--in', folder);
    expect([again.status, hmacKeys()]).toEqual([0, [current, old, current]]);
    expect(again.stdout).toContain('A rotation is under way');

    const early = rotate('hmac', '--in', folder, '--finish');
    expect([early.status, hmacKeys()]).toEqual([75, [current, old, current]]);
    expect(early.stderr).toMatch(/^Too early: .* another \d+ s\.\n$/);

    age('gateway/hmac.key', 601);
    expect(rotate('hmac', '--in', folder, '--finish').status).toBe(0);
    expect(hmacKeys()).toEqual([current, '', current]);
    expect(rotate('hmac', '--in', folder, '--finish').stdout).toContain('nothing to do');
  });

  test('is left alone within a day, unless told otherwise', () => {
    const before = hmacKeys();
    expect(rotate('hmac', '--in', folder).stdout).toContain('less than a day old');
    expect(hmacKeys()).toEqual(before);
    expect(rotate('hmac', '--in', folder, '--again').status).toBe(0);
    expect(hmacKeys()[1]).toBe(before[0]);
  });

  test('that others know ends at once', () => {
    const [old] = hmacKeys();
    expect(rotate('hmac', '--in', folder, '--at-once').status).toBe(0);
    const [current, previous, collector] = hmacKeys();
    expect([previous, collector]).toEqual(['', current]);
    expect(current).not.toBe(old);
  });

  test('waits as long as QRNG_PACKET_TTL_SECS demands', () => {
    writeFileSync(path('gateway/gateway.env'), 'QRNG_PACKET_TTL_SECS=3600\n');
    rotate('hmac', '--in', folder, '--again');
    age('gateway/hmac.key', 7100);
    expect(rotate('hmac', '--in', folder, '--finish').status).toBe(75);
    age('gateway/hmac.key', 7300);
    expect(rotate('hmac', '--in', folder, '--finish').status).toBe(0);
  });

  /** What the three files hold when a run was cut off: after the first write, after the second. */
  test.each([
    ['the old key alone was put aside', (old: string) => [old, old, old]],
    ['the collector has the old key', (old: string) => ['ab'.repeat(31) + 'cd\n', old, old]],
  ])('was cut off when %s: the next run completes it, and --finish does not come first', (_, cutOff) => {
    const [old = ''] = hmacKeys();
    cutOff(old).forEach((key, index) => writeFileSync(path(HMAC[index] ?? ''), key));
    age('gateway/hmac.key', 601);
    const [current] = hmacKeys();
    if (current !== old) {
      const early = rotate('hmac', '--in', folder, '--finish');
      expect([early.status, hmacKeys()]).toEqual([1, [current, old, old]]);
      expect(early.stderr).toContain('collector/hmac.key has another key than the gateway');
    }
    expect(rotate('hmac', '--in', folder).status).toBe(0);
    const [after, previous, collector] = hmacKeys();
    expect([previous, collector]).toEqual([old, after]);
    expect(after).not.toBe(old);
    expect(rotate('hmac', '--in', folder).stdout).toContain('A rotation is under way');
  });

  test('that others know, cut off before the collector has the new one, is brought to it by the next run', () => {
    rotate('hmac', '--in', folder, '--at-once');
    const [current = '', , collector] = hmacKeys();
    writeFileSync(path('collector/hmac.key'), 'ab'.repeat(31) + 'cd\n');
    expect(rotate('hmac', '--in', folder).stdout).toMatch(
      /^wrote \S+collector\/hmac\.key: the new key\n\nThe old key is accepted no more/,
    );
    expect(hmacKeys()).toEqual([current, '', collector]);
  });

  test('names the file that cannot be written', () => {
    mkdirSync(path('gateway/hmac.previous.key.new'));
    const { status, stderr } = rotate('hmac', '--in', folder, '--again');
    expect([status, stderr]).toEqual([
      1,
      `${path('gateway/hmac.previous.key')} cannot be written (EISDIR): mend that, then run this again\n`,
    ]);
  });

  test('stays as it is in a dry run', () => {
    const before = hmacKeys();
    const { stdout } = rotate('hmac', '--in', folder, '--again', '--dry-run');
    expect(stdout.match(/^would write .*$/gm)).toHaveLength(3);
    expect(hmacKeys()).toEqual(before);
  });
});

describe('a certificate in a folder', () => {
  test.each([
    ['tls', 'gateway/tls.crt', 'gateway/tls.key', 'authority/gateway-ca.crt'],
    ['client', 'collector/push.crt', 'collector/push.key', 'authority/collector-ca.crt'],
  ])('(%s) is issued again by the same authority for the same names', (kind, certificate, key, authority) => {
    const before = new X509Certificate(text(certificate));
    expect(rotate(kind, '--in', folder).stdout).toContain('within the last day');
    // Its key alone was written before a run was cut off: the next one needs no --again.
    cpSync(path(authority.replace('.crt', '.key')), path(key));
    const { status, stderr } = rotate(kind, '--in', folder, '--days', '30');
    expect([status, stderr]).toEqual([0, '']);
    const after = new X509Certificate(text(certificate));
    expect(after.verify(new X509Certificate(text(authority)).publicKey)).toBe(true);
    expect(after.subjectAltName).toBe(before.subjectAltName);
    expect(after.keyUsage).toEqual(before.keyUsage);
    expect(after.fingerprint256).not.toBe(before.fingerprint256);
    const days = (Date.parse(after.validTo) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(30);
    expect(statSync(path(key)).mode & 0o777).toBe(0o600);
  });

  test('needs the authority', () => {
    rmSync(path('authority'), { recursive: true });
    const before = text('gateway/tls.crt');
    const { status, stderr } = rotate('tls', '--in', folder, '--again');
    expect([status, stderr]).toEqual([1, `${path('authority/gateway-ca.crt')} cannot be read (ENOENT)\n`]);
    expect(text('gateway/tls.crt')).toBe(before);
  });
});

describe("a machine's own files", () => {
  const env = (app: string): string => path(`${app}/${app}.env`);
  beforeEach(() => {
    for (const app of ['gateway', 'collector']) {
      writeFileSync(env(app), readFileSync(env(app), 'utf8').replaceAll('/etc/qrng-dd/', `${folder}/`));
    }
  });

  test('take a new HMAC key, the gateway with the old one beside it', () => {
    const [old = ''] = hmacKeys();
    expect(rotate('hmac', '--on', 'gateway', '--env', env('gateway'), '--again').status).toBe(0);
    const [current = '', previous, collector] = hmacKeys();
    expect([previous, collector]).toEqual([old, old]);
    const key = ['--key', path('gateway/hmac.key')];
    expect(rotate('hmac', '--on', 'collector', '--env', env('collector'), ...key).status).toBe(0);
    expect(hmacKeys()).toEqual([current, old, current]);
    const again = rotate('hmac', '--on', 'collector', '--env', env('collector'), ...key);
    expect(again.stdout).toContain('nothing to do');
    expect(rotate('hmac', '--on', 'collector', '--env', env('collector')).status).toBe(64);
  });

  test('take a certificate and its key, and none that does not belong to it', () => {
    cpSync(made, join(base, 'other'), { recursive: true });
    expect(rotate('tls', '--in', join(base, 'other'), '--again').status).toBe(0);
    const given = [
      '--cert',
      join(base, 'other/gateway/tls.crt'),
      '--key',
      join(base, 'other/gateway/tls.key'),
    ];
    const before = text('gateway/tls.crt');
    const wrong = rotate(
      'tls',
      '--on',
      'gateway',
      '--env',
      env('gateway'),
      '--cert',
      given[1] ?? '',
      '--key',
      path('gateway/tls.key'),
    );
    expect([wrong.status, text('gateway/tls.crt')]).toEqual([1, before]);
    expect(wrong.stderr).toMatch(/must be the private key of/);
    expect(rotate('tls', '--on', 'gateway', '--env', env('gateway'), ...given).status).toBe(0);
    expect(text('gateway/tls.crt')).toBe(readFileSync(given[1] ?? '', 'utf8'));
    expect(rotate('tls', '--on', 'gateway', '--env', env('gateway'), ...given).stdout).toContain(
      'nothing to do',
    );
  });
});

describe('an API key', () => {
  const file = (): string => path('gateway/api-keys.json');
  const names = (): string[] =>
    parseKeyFile(readFileSync(file(), 'utf8')).map(
      ({ name, disabled }) => `${name}${disabled === true ? ' off' : ''}`,
    );

  test('gets a second one with its rights, printed once, and expires at the given time', () => {
    chmodSync(file(), 0o640);
    const began = rotate('api-key', 'first', '--file', file());
    expect(began.status).toBe(0);
    expect(began.stdout).toMatch(/^qrng_[\w-]{43}\n$/);
    expect(statSync(file()).mode & 0o777).toBe(0o640);
    const [old, next] = parseKeyFile(readFileSync(file(), 'utf8'));
    expect(next).toMatchObject({
      name: 'first-2',
      scopes: old?.scopes,
      sha256: hash('sha256', began.stdout.trim()),
    });

    const again = rotate('api-key', 'first', '--file', file());
    expect([again.status, again.stdout, names()]).toEqual([0, '', ['first', 'first-2']]);
    expect(rotate('api-key', 'first', '--file', file(), '--finish').status).toBe(0);
    expect(names()).toEqual(['first off', 'first-2']);
    expect(rotate('api-key', 'first', '--file', file(), '--finish').stderr).toContain('nothing to do');
    expect(rotate('api-key', 'first-2', '--file', file()).status).toBe(0);
    expect(names()).toEqual(['first off', 'first-2', 'first-3']);
  });

  test('that expires needs the expiry of the next', () => {
    expect(command('keys', 'create', 'lab', '--expires', '2099-01-01', '--file', file()).status).toBe(0);
    expect(rotate('api-key', 'lab', '--file', file()).stderr).toContain('--expires DATE or --expires never');
    expect(rotate('api-key', 'lab', '--file', file(), '--expires', '2099-06-01').status).toBe(0);
    expect(parseKeyFile(readFileSync(file(), 'utf8')).at(-1)).toMatchObject({
      name: 'lab-2',
      expires: '2099-06-01',
    });
  });

  test('is not ended before another takes its place, and stays as it is in a dry run', () => {
    expect(rotate('api-key', 'first', '--file', file(), '--finish').status).toBe(1);
    expect(rotate('api-key', 'first', '--file', file(), '--dry-run').status).toBe(0);
    expect(rotate('api-key', 'nobody', '--file', file()).stderr).toBe('there is no key named nobody\n');
    expect(names()).toEqual(['first']);
  });
});

describe('called wrongly, it says how and ends with 64', () => {
  test.each([
    ['without anything', [], 'Name what to rotate'],
    ['with something else', ['keys'], 'Name what to rotate'],
    ['without a place', ['hmac'], 'Say where'],
    ['on a machine that is none', ['tls', '--on', 'client'], 'Say where'],
    ['on the wrong machine', ['tls', '--on', 'collector', '--cert', 'a', '--key', 'b'], '--on gateway'],
    ['without the name of a key', ['api-key'], 'Name the key'],
    ['with an unknown option', ['hmac', '--inn', 'x'], "Unknown option '--inn'"],
  ])('%s', (_, args, complaint) => {
    const { status, stderr } = rotate(...args);
    expect(stderr).toContain(complaint);
    expect(status).toBe(64);
  });

  test('and with --help and 0', () => {
    const { status, stdout } = rotate('--help');
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^Usage: npm run rotate -- hmac/)]);
  });
});
