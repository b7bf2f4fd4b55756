/** Every command says how it is meant, which version it is, and when it was called wrongly. Needs `npm run build`. */
import { spawnSync } from 'node:child_process';
import type { SpawnSyncReturns } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { secretNames, variableNames } from '#libs/settings';
import { CollectorSettings } from '../apps/collector/src/settings.js';
import { GatewaySettings } from '../apps/gateway/src/settings.js';
import packageJson from '../package.json' with { type: 'json' };
import { gatewayEnvironment, temporaryFolder, testAuthority } from './support/gateway.js';
import type { Environment } from './support/gateway.js';
import { ownEnvironment } from './support/own-environment.js';

const PROGRAMS = [
  ...readdirSync('dist/tools', { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.js'))
    .map(({ name }) => `dist/tools/${name}`),
  'dist/scripts/demo.js',
  'dist/apps/gateway/src/main.js',
  'dist/apps/collector/src/main.js',
];

function run(path: string, args: readonly string[], env: Environment = {}): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [path, ...args], {
    encoding: 'utf8',
    env: { ...ownEnvironment(), ...env },
  });
}

describe.each(PROGRAMS)('%s', (path) => {
  test('says with --help how it is meant', () => {
    const { status, stdout, stderr } = run(path, ['--help']);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: (npm run [a-z:]+|qrng-dd (install|reload))[^]*--help, --version\n/);
    expect(stdout).toContain('\nExit code 0: ');
  });

  test('says with --version which one it is', () => {
    const { status, stdout } = run(path, ['--version']);
    expect([status, stdout]).toEqual([0, `qrng-dd ${packageJson.version}\n`]);
  });

  test('ends with 64 and its usage when it does not know an option', () => {
    const { status, stdout, stderr } = run(path, ['--no-such-option']);
    expect([status, stdout]).toEqual([64, '']);
    expect(stderr).toMatch(/^Unknown option '--no-such-option'[^]*\nUsage: /);
  });
});

test('a command whose output nobody reads does what it has to do, without a stack', () => {
  const file = join(temporaryFolder(), 'api-keys.json');
  const script = `exec "$0" dist/tools/keys.js create lab --file ${file} | true`;
  const { stderr } = spawnSync('sh', ['-c', script, process.execPath], { encoding: 'utf8' });
  expect(stderr).not.toContain('EPIPE');
  expect(existsSync(file)).toBe(true);
});

test('qrng-dd lists every tool', () => {
  const { status, stdout } = spawnSync('bin/qrng-dd', ['--help'], { encoding: 'utf8' });
  expect(status).toBe(0);
  for (const path of PROGRAMS.filter((path) => path.startsWith('dist/tools/'))) {
    const command = path.replace('dist/tools/', '').replace('.js', '');
    expect(stdout).toMatch(new RegExp(`^ {2}${command.replace('-', '[:-]')}\\b`, 'm'));
  }
});

test('qrng-dd of a package, which has no npm, says how it is called itself', () => {
  const home = temporaryFolder();
  cpSync('bin', join(home, 'bin'), { recursive: true });
  for (const name of ['dist', 'node_modules', 'package.json']) symlinkSync(resolve(name), join(home, name));
  const help = (...args: string[]): string =>
    spawnSync(join(home, 'bin/qrng-dd'), [...args, '--help'], { encoding: 'utf8' }).stdout;
  expect(help('keys')).toMatch(/^Usage: qrng-dd keys COMMAND [^]*\nqrng-dd rotate api-key\./);
  expect(help('gateway')).toMatch(/^Usage: qrng-dd gateway \[--check\]\n/);
  expect(help('audit:verify')).toMatch(/^Usage: qrng-dd audit:verify \[DIRECTORY\]/);
  expect(spawnSync('bin/qrng-dd', ['keys', '--help'], { encoding: 'utf8' }).stdout).toMatch(
    /^Usage: npm run keys -- C/,
  );
});

test.each([[], ['../demo'], ['no-such'], ['x;id']])('qrng-dd %s ends with 64', (...args) => {
  const { status, stderr } = spawnSync('bin/qrng-dd', args, { encoding: 'utf8' });
  expect(status).toBe(64);
  expect(stderr).toContain('Usage: qrng-dd COMMAND');
});

describe('qrng-dd of a clone', () => {
  /** A clone of two tools, of which `keys` is not built. */
  const clone = (): ((command: string) => [number | null, string]) => {
    const home = temporaryFolder();
    const build = `echo noise; echo "console.log('just built')" > dist/tools/keys.js`;
    writeFileSync(join(home, 'package.json'), JSON.stringify({ scripts: { build } }));
    cpSync('bin', join(home, 'bin'), { recursive: true });
    mkdirSync(join(home, 'tools'));
    writeFileSync(join(home, 'tools/keys.ts'), '');
    mkdirSync(join(home, 'dist/tools'), { recursive: true });
    writeFileSync(join(home, 'dist/tools/setup.js'), "console.log('built before')");
    return (command) => {
      const { status, stdout } = spawnSync(join(home, 'bin/qrng-dd'), [command], { encoding: 'utf8' });
      return [status, stdout];
    };
  };

  test('takes the Node of PATH where the packages have none for this machine', () => {
    expect(clone()('setup')).toEqual([0, 'built before\n']);
  });

  test('builds a command that is missing, also where others are there, and none that does not exist', () => {
    const run = clone();
    expect(run('doctor')).toEqual([64, '']);
    expect(run('keys')).toEqual([0, 'just built\n']);
  });
});

test('doctor gives one line and exit code 66 for a file that it cannot read', () => {
  const { status, stderr } = run('dist/tools/doctor.js', ['gateway', '/nope']);
  expect([status, stderr]).toEqual([66, '/nope cannot be read (ENOENT)\n']);
});

// A disk of one's own needs root.
(process.getuid?.() === 0 ? test : test.skip)('setup says of a disk that is read-only that it is', () => {
  const disk = temporaryFolder();
  const script = `mount -t tmpfs -o ro tmpfs ${disk} && exec "$0" dist/tools/setup.js "$@" --out ${disk}/a/b`;
  const answers = ['--gateway', 'gw.example.com', '--collector-host', 'in.example.com'];
  const args = ['--mount', 'sh', '-c', script, process.execPath, ...answers];
  const { status, stderr } = spawnSync('unshare', args, { encoding: 'utf8' });
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^\S+ cannot be written \(EROFS\)\n$/)]);
});

describe('--json', () => {
  const parsed = (path: string, ...args: string[]): unknown =>
    JSON.parse(run(path, [...args, '--json']).stdout);

  test('of the doctor has every finding and the counts', () => {
    const file = join(temporaryFolder(), 'gateway.env');
    writeFileSync(file, 'QRNG_BUFFER_SIZE=big');
    expect(parsed('dist/tools/doctor.js', 'gateway', file)).toMatchObject({
      app: 'gateway',
      findings: expect.arrayContaining([
        { level: 'fail', item: 'Settings', text: expect.stringContaining('QRNG_BUFFER_SIZE must be') },
      ]),
      counts: { fail: expect.any(Number) },
    });
  });

  test('of keys has the new key, and the entries', () => {
    const file = join(temporaryFolder(), 'api-keys.json');
    const made = parsed('dist/tools/keys.js', 'create', 'lab', '--file', file);
    expect(made).toEqual({ name: 'lab', file, key: expect.stringMatching(/^qrng_/) });
    expect(parsed('dist/tools/keys.js', 'list', '--file', file)).toMatchObject([{ name: 'lab' }]);
  });

  test('of audit:verify has what was found', () => {
    const folder = temporaryFolder();
    expect(run('dist/tools/audit-verify.js', [folder, '--json']).stdout).toContain(
      `"directory": "${folder}"`,
    );
  });
});

describe('--check', () => {
  const gateway = (env: Environment): SpawnSyncReturns<string> =>
    run('dist/apps/gateway/src/main.js', ['--check'], env);
  const collector = (env: Environment): SpawnSyncReturns<string> =>
    run('dist/apps/collector/src/main.js', ['--check'], env);

  async function collectorEnvironment(): Promise<Environment> {
    const folder = temporaryFolder();
    const authority = await testAuthority();
    const { certificatePem, keyPem } = await authority.issue({ commonName: 'collector-1', client: true });
    const save = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    return {
      QRNG_APPLIANCE_URLS: 'https://10.0.0.5/api/2.0/streambytes',
      QRNG_APPLIANCE_CA_FILE: save('appliance.pem', authority.certificatePem),
      QRNG_PUSH_URL: 'https://203.0.113.10:7764/push',
      QRNG_PUSH_CA_FILE: save('ca.pem', authority.certificatePem),
      QRNG_PUSH_CERT_FILE: save('push.pem', certificatePem),
      QRNG_PUSH_KEY_FILE: save('push.key', keyPem),
      QRNG_HMAC_SECRET_KEY_FILE: save('hmac.key', '12ab34cd'.repeat(8)),
      QRNG_STATE_DIR: join(folder, 'state'),
    };
  }

  test('finds nothing wrong with what the apps start with, and starts nothing', async () => {
    const env = await gatewayEnvironment();
    for (const { status, stdout, stderr } of [gateway(env), collector(await collectorEnvironment())]) {
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toBe('The settings are valid, and so are the files that they name.\n');
    }
    expect(existsSync(join(env['QRNG_STATE_DIR'] ?? '', 'state.lock'))).toBe(false);
  });

  test('names every setting that is invalid, and warns of one that does not exist', async () => {
    const env = await gatewayEnvironment({ QRNG_BUFFER_SIZE: 'big', QRNG_INGEST: 'yes', QRNG_BUFER: '1' });
    const { status, stdout, stderr } = gateway(env);
    expect([status, stdout]).toEqual([78, '']);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^QRNG_BUFFER_SIZE must be/),
      expect.stringMatching(/^QRNG_INGEST must be/),
      expect.stringMatching(/^QRNG_BUFER is not a setting of this app/),
    ]);
  });

  test('refuses directories and devices that cannot be used, and makes none', async () => {
    const gone = join(temporaryFolder(), 'gone');
    const named = (stderr: string): string[] =>
      stderr
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0] ?? '');
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const directories = {
      QRNG_STATE_DIR: join(file, 'state'),
      QRNG_AUDIT_DIR: file,
      QRNG_RECEIVE: `spool://${gone}`,
    };
    expect(named(gateway(await gatewayEnvironment(directories)).stderr)).toEqual(Object.keys(directories));
    const inputs = {
      QRNG_STATE_DIR: file,
      QRNG_PUSH_URL: `spool://${gone}`,
      QRNG_APPLIANCE_URLS: `file://${file}`,
    };
    expect(named(collector({ ...(await collectorEnvironment()), ...inputs }).stderr)).toEqual(
      Object.keys(inputs),
    );
    expect(existsSync(gone)).toBe(false);
  });

  const gatewayFiles = fileVariables(GatewaySettings);
  test.each(gatewayFiles)('refuses garbage in the file of %s of the gateway', async (name) => {
    const file = join(temporaryFolder(), 'garbage');
    writeFileSync(file, 'garbage');
    const variable = name.replace(/_FILE$/, '');
    const { status, stderr } = gateway({ ...(await gatewayEnvironment()), [variable]: '', [name]: file });
    expect([status, stderr]).toEqual([
      78,
      expect.stringMatching(new RegExp(`^${variable}(_FILE)? must `, 'm')),
    ]);
    expect(stderr).not.toContain('garbage');
  });

  test.each(fileVariables(CollectorSettings))(
    'refuses garbage in the file of %s of the collector',
    async (name) => {
      const file = join(temporaryFolder(), 'garbage');
      writeFileSync(file, 'garbage');
      const { status, stderr } = collector({ ...(await collectorEnvironment()), [name]: file });
      expect([status, stderr]).toEqual([78, expect.stringMatching(/^QRNG_\w+ must /)]);
      expect(stderr).not.toContain('garbage');
    },
  );
});

/** Every variable of a file, also `NAME_FILE` of a secret. */
function fileVariables(cls: new () => object): string[] {
  const secrets = secretNames(cls);
  return [...variableNames(cls)].flatMap((name) =>
    secrets.has(name) ? [`${name}_FILE`] : name.endsWith('_FILE') ? [name] : [],
  );
}
