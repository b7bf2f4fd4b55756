/** `npm run setup` as an operator runs it: offline, into a folder of its own. Needs `npm run build`. */
import { spawnSync } from 'node:child_process';
import type { SpawnSyncReturns } from 'node:child_process';
import { createPrivateKey, hash, X509Certificate } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readEnvironmentFile, readSettings } from '#libs/settings';
import { verifierKey } from '#libs/tlog';
import { CollectorSettings } from '../../apps/collector/src/settings.js';
import { parseKeyFile } from '../../apps/gateway/src/clients/key-file.js';
import { GatewaySettings } from '../../apps/gateway/src/settings.js';
import { describeWith, run } from '../../test/support/programs.js';

const base = mkdtempSync(join(tmpdir(), 'qrng-setup-'));
afterAll(() => rmSync(base, { recursive: true }));

const HOSTS = ['--gateway', 'gw.example.com', '--collector-host', 'qrng-in.example.com'];
const EVERYTHING = [
  ...['--gateway', 'gw.example.com:8443', '--gateway-address', '203.0.113.10,2001:db8::10'],
  ...['--san', 'api.example.com,192.0.2.7', '--collector-host', '198.51.100.20', '--collector-id', 'vault-2'],
  ...['--appliance', 'https://10.0.0.5/api/2.0/streambytes,https://10.0.0.6:8443/api/2.0/streambytes'],
  ...['--appliance-fingerprint', 'ab'.repeat(32), '--administrators', '192.0.2.0/24,2001:db8:1::/48'],
  ...['--log-servers', '192.0.2.9', '--time-servers', '192.0.2.123', '--client', 'lottery', '--days', '90'],
];

function setup(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync('bin/qrng-dd', ['setup', ...args], { encoding: 'utf8' });
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();
}

/** The settings of an app as its service would read them, but for where the files lie. */
function environmentOf(folder: string, app: string): Record<string, string> {
  const variables = Object.entries(readEnvironmentFile(join(folder, app, `${app}.env`)));
  return Object.fromEntries(
    variables.map(([name, value]) => [name, value.replace('/etc/qrng-dd/', `${folder}/`)]),
  );
}

describe('with the hosts alone', () => {
  const folder = join(base, 'hosts');
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
  let output: SpawnSyncReturns<string>;
  beforeAll(() => {
    output = spawnSync('npm', ['run', '--silent', 'setup', '--', ...HOSTS, '--out', folder], {
      encoding: 'utf8',
    });
  });

  test('makes a folder for each machine, one for the first client and one to be kept offline', () => {
    expect([output.status, output.stderr]).toEqual([0, '']);
    expect(filesIn(folder)).toEqual([
      'authority/collector-ca.crt',
      'authority/collector-ca.key',
      'authority/gateway-ca.crt',
      'authority/gateway-ca.key',
      'client/client.env',
      'client/collector.pub',
      'client/gateway-ca.crt',
      'client/receipts.pub',
      'collector/collector.env',
      'collector/collector.nft',
      'collector/gateway-ca.crt',
      'collector/hmac.key',
      'collector/push.crt',
      'collector/push.key',
      'collector/signing.key',
      'gateway/api-keys.json',
      'gateway/collector-ca.crt',
      'gateway/gateway.env',
      'gateway/gateway.nft',
      'gateway/hmac.key',
      'gateway/hmac.previous.key',
      'gateway/metrics.token',
      'gateway/receipts.key',
      'gateway/tls.crt',
      'gateway/tls.key',
      'setup.json',
    ]);
  });

  test('lets nobody else read a secret, whatever the umask', () => {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const stat = statSync(join(folder, name));
      const expected = stat.isDirectory()
        ? 0o700
        : /(\.nft|ca\.crt|\.pub)$/.test(name)
          ? [0o600, 0o644]
          : 0o600;
      expect([expected].flat()).toContain(stat.mode & 0o777);
    }
  });

  test('leaves no half a file, and says when a run was cut off', () => {
    const other = join(base, 'cut-off');
    const run = (): [number | null, string] => {
      const { status, stderr } = setup(...HOSTS, '--out', other);
      return [status, stderr];
    };
    const draft = join(other, 'gateway/hmac.key.new');
    mkdirSync(join(other, 'gateway'), { recursive: true });
    writeFileSync(draft, '');
    expect(run()).toEqual([
      1,
      `${draft} is there: somebody else makes this installation, or a run was cut off; then remove it\n`,
    ]);
    expect(existsSync(join(other, 'gateway/hmac.key'))).toBe(false);
    rmSync(draft);
    expect(run()).toEqual([0, '']);
  });

  test('prints no secret', () => {
    for (const name of ['gateway/hmac.key', 'gateway/metrics.token']) {
      expect(output.stdout).not.toContain(text(name).trim());
    }
    expect(output.stdout).not.toContain(/QRNG_API_KEY=(.*)/.exec(text('client/client.env'))?.[1]);
  });

  test('gives the gateway settings that it starts with', () => {
    const { settings, warnings } = readSettings(GatewaySettings, environmentOf(folder, 'gateway'));
    expect(warnings).toEqual([]);
    expect(settings.QRNG_HMAC_SECRET_KEY).toBe(text('collector/hmac.key').trim());
    const key = createPrivateKey(settings.QRNG_RECEIPTS_KEY ?? '');
    const name = settings.QRNG_RECEIPTS_ORIGIN ?? '';
    expect([settings.QRNG_RECEIPTS, name]).toEqual(['off', 'gw.example.com/receipts']);
    expect(text('client/receipts.pub').trim()).toBe(verifierKey({ name, key }));
  });

  test('gives the collector settings that lack only its sources', () => {
    const env = environmentOf(folder, 'collector');
    expect(() => readSettings(CollectorSettings, env)).toThrow(/^QRNG_APPLIANCE_URLS [^\n]*$/);
    const { settings } = readSettings(CollectorSettings, {
      ...env,
      QRNG_APPLIANCE_URLS: 'file:///dev/qrandom0',
    });
    expect(settings.QRNG_PUSH_URL).toBe('https://gw.example.com:7764/push');
    const key = createPrivateKey(settings.QRNG_SIGNING_KEY ?? '');
    expect(text('client/collector.pub').trim()).toBe(verifierKey({ name: 'collector-1', key }));
  });

  test('says what is left to do, and what goes where', () => {
    for (const part of ['QRNG_APPLIANCE_URLS', 'GATEWAY', 'COLLECTORS', 'ADMINISTRATORS', 'LOG_SERVERS']) {
      expect(output.stdout).toMatch(new RegExp(`\\.nft.*${part}|\\.env.*${part}`));
    }
    expect(output.stdout).toContain(`${folder}/gateway `);
    expect(output.stdout).toMatch(/The doctor on gateway\/: \d+ pass, 0 warn, 0 fail/);
  });

  test('makes a first API key whose digest is in the file', () => {
    const key = /^QRNG_API_KEY=(.+)$/m.exec(text('client/client.env'))?.[1] ?? '';
    expect(parseKeyFile(text('gateway/api-keys.json'))).toMatchObject([
      { name: 'first', sha256: hash('sha256', key), scopes: ['random', 'status'] },
    ]);
  });

  test('issues each certificate by its own authority, for its own use', () => {
    const certificate = (name: string): X509Certificate => new X509Certificate(text(name));
    const server = certificate('gateway/tls.crt');
    const client = certificate('collector/push.crt');
    expect(server.verify(certificate('collector/gateway-ca.crt').publicKey)).toBe(true);
    expect(client.verify(certificate('gateway/collector-ca.crt').publicKey)).toBe(true);
    expect(client.verify(certificate('collector/gateway-ca.crt').publicKey)).toBe(false);
    expect([server.keyUsage, client.keyUsage]).toEqual([['1.3.6.1.5.5.7.3.1'], ['1.3.6.1.5.5.7.3.2']]);
    expect(server.checkHost('gw.example.com')).toBe('gw.example.com');
    expect(server.checkPrivateKey(createPrivateKey(text('gateway/tls.key')))).toBe(true);
    expect(client.checkPrivateKey(createPrivateKey(text('collector/push.key')))).toBe(true);
  });

  test('overwrites nothing when it is run again, and completes what is missing', () => {
    const before = Object.fromEntries(filesIn(folder).map((name) => [name, text(name)]));
    writeFileSync(join(folder, 'gateway/gateway.env'), 'QRNG_LOG_LEVEL=debug\n');
    rmSync(join(folder, 'collector/hmac.key'));
    const again = setup('--out', folder);
    expect(again.status).toBe(0);
    expect(again.stdout.match(/^made .*$/gm)).toEqual([expect.stringContaining('collector/hmac.key')]);
    expect(text('gateway/gateway.env')).toBe('QRNG_LOG_LEVEL=debug\n');
    expect(Object.fromEntries(filesIn(folder).map((name) => [name, text(name)]))).toEqual({
      ...before,
      'gateway/gateway.env': 'QRNG_LOG_LEVEL=debug\n',
    });
  });

  test('says which answers are new to files that it keeps', () => {
    const again = setup('--out', folder, '--gateway', 'other.example.com', '--dry-run');
    expect(again.stdout).toMatch(/^New answers: --gateway\. Files that were kept/m);
  });

  test('refuses to make the half of a pair again, and says which', () => {
    rmSync(join(folder, 'gateway/tls.key'));
    const again = setup('--out', folder);
    expect([again.status, again.stdout]).toEqual([1, '']);
    expect(again.stderr).toBe(
      'gateway/tls.crt is there and gateway/tls.key is not: put it back, or remove gateway/tls.crt to have both made again\n',
    );
  });
});

describe('with every answer', () => {
  const folder = join(base, 'everything');
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
  let output: SpawnSyncReturns<string>;
  beforeAll(() => {
    output = setup(...EVERYTHING, '--out', folder);
  });

  test('leaves nothing to do', () => {
    expect([output.status, output.stderr]).toEqual([0, '']);
    expect(output.stdout).not.toContain('To do');
    expect(output.stdout).toMatch(/The doctor on collector\/: \d+ pass, 0 warn, 0 fail/);
  });

  test('puts every name and address into the certificate', () => {
    const { subjectAltName } = new X509Certificate(text('gateway/tls.crt'));
    expect(subjectAltName?.split(', ').sort()).toEqual([
      'DNS:api.example.com',
      'DNS:gw.example.com',
      'IP Address:192.0.2.7',
      'IP Address:2001:DB8:0:0:0:0:0:10',
      'IP Address:203.0.113.10',
    ]);
  });

  test('fills in settings and rules', () => {
    const gateway = readSettings(GatewaySettings, environmentOf(folder, 'gateway')).settings;
    expect(gateway.QRNG_LISTEN_ADDRESS).toBe('0.0.0.0:8443');
    expect(text('gateway/port.conf')).toContain('SocketBindAllow=tcp:8443');
    const collector = readSettings(CollectorSettings, environmentOf(folder, 'collector')).settings;
    expect(collector).toMatchObject({
      QRNG_PUSH_URL: 'https://203.0.113.10:8443/push',
      QRNG_COLLECTOR_ID: 'vault-2',
      QRNG_MIXING_STRATEGY: 'hkdf',
      QRNG_APPLIANCE_FINGERPRINT: ['ab'.repeat(32)],
    });
    const defined = (app: string): Record<string, string> =>
      Object.fromEntries(
        [...text(`${app}/${app}.nft`).matchAll(/^define (\w+) = (.*)$/gm)].map(
          ([, name = '', value = '']) => [name, value],
        ),
      );
    expect(defined('gateway')).toMatchObject({
      PORT: '8443',
      COLLECTORS: '{ 198.51.100.20 }',
      ADMINISTRATORS: '{ 192.0.2.0/24 }',
      ADMINISTRATORS_6: '{ 2001:db8:1::/48 }',
      LOG_SERVERS: '{ 192.0.2.9 }',
      TIME_SERVERS: '{ 192.0.2.123 }',
    });
    expect(defined('collector')).toMatchObject({
      GATEWAY: '{ 203.0.113.10 }',
      GATEWAY_6: '{ 2001:db8::10 }',
      GATEWAY_PORT: '8443',
      APPLIANCES: '{ 10.0.0.5, 10.0.0.6 }',
      APPLIANCE_PORT: '{ 443, 8443 }',
    });
  });
});

describeWith(['nft', 'unshare'], 'the rules', () => {
  test.each(['hosts', 'everything'])('are accepted by nft (%s)', (name) => {
    for (const app of ['gateway', 'collector']) {
      const checked = run('unshare', '-rn', 'nft', '-c', '-f', join(base, name, app, `${app}.nft`));
      expect(checked).toEqual({ status: 0, output: '' });
    }
  });

  test('are made without a network', () => {
    const folder = join(base, 'offline');
    const command = ['bin/qrng-dd', 'setup', ...HOSTS, '--out', folder];
    expect(run('unshare', '-rn', ...command).status).toBe(0);
    expect(existsSync(join(folder, 'gateway/tls.crt'))).toBe(true);
  });
});

describeWith(['script'], 'on a terminal', () => {
  /** Types these lines, all ahead, then Ctrl-D. */
  function onTerminal(lines: readonly string[]): SpawnSyncReturns<string> {
    const command = 'bin/qrng-dd setup --gateway 203.0.113.10';
    const input = lines.map((line) => `${line}\n`).join('');
    return spawnSync('script', ['-qec', command, '/dev/null'], { input, encoding: 'utf8' });
  }

  test('asks for what was not given, and again for what is invalid', () => {
    const folder = join(base, "asked, it's a folder");
    const answers = ['', 'not a host', '198.51.100.20', '', '192.0.2.5', '', '', folder];
    const { status, stdout } = onTerminal(answers);
    expect(stdout).toContain('--collector-host must be a host name or an IP address, not "not a host"');
    expect(status).toBe(0);
    expect(readFileSync(join(folder, 'gateway/gateway.nft'), 'utf8')).toMatch(
      /COLLECTORS = \{ 198\.51\.100\.20 \}.*ADMINISTRATORS = \{ 192\.0\.2\.5 \}/s,
    );
  });

  test('makes nothing when it is left', () => {
    const { status, stdout } = onTerminal(['', '198.51.100.20']);
    expect(stdout).toContain('Cancelled; nothing was made.');
    expect(status).toBe(64);
  });
});

describe('called wrongly', () => {
  const out = join(base, 'never');

  test.each([
    ['without a gateway', ['--collector-host', 'b'], '--gateway is missing'],
    ['without a collector', ['--gateway', 'a'], '--collector-host is missing'],
    ['with a URL for a gateway', ['--gateway', 'https://a'], '--gateway must be a host name'],
    ['with a port that is none', ['--gateway', 'a:99999'], 'a port from 1 to 65535'],
    ['with half an address', ['--gateway', '10.0.0'], '--gateway must be'],
    ['with a name for an address', ['--gateway-address', 'a.b'], '--gateway-address must be an IP address'],
    [
      'with a wide range',
      ['--administrators', '10.0.0.0/40'],
      '--administrators must be an IP address or range',
    ],
    ['with an appliance over http', ['--appliance', 'http://10.0.0.5/'], '--appliance must be'],
    ['with a shell in a name', ['--san', '$(id)'], '--san must be'],
    ['with rules in an address', ['--log-servers', '1.2.3.4 } ; flush'], '--log-servers must be'],
    ['with an unknown option', ['--gatway', 'a'], "Unknown option '--gatway'"],
  ])('%s it makes nothing and ends with 64', (_, args, complaint) => {
    const complete = complaint.includes('missing') ? args : [...HOSTS, ...args];
    const { status, stderr } = setup(...complete, '--out', out);
    expect(stderr).toContain(complaint);
    expect(status).toBe(64);
    expect(existsSync(out)).toBe(false);
  });

  test('says how, with --help and exit code 0', () => {
    const { status, stdout } = setup('--help');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Usage: npm run setup -- /);
  });

  test('makes nothing in a dry run', () => {
    const { status, stdout } = setup(...HOSTS, '--out', out, '--dry-run');
    expect(status).toBe(0);
    expect(stdout).toContain(`would make ${out}/gateway/tls.key`);
    expect(existsSync(out)).toBe(false);
  });
});
