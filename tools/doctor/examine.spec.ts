/** The doctor on real configurations: files with modes, certificates of a throw-away CA, a gateway that answers. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  gatewayEnvironment,
  startGateway,
  temporaryFolder,
  testAuthority,
} from '../../test/support/gateway.js';
import type { Environment, TestGateway } from '../../test/support/gateway.js';
import { createAuthority } from '../certificates/authority.js';
import { examine } from './examine.js';
import type { Finding } from './finding.js';
import type { Host } from './host.js';
import { thisHost } from './host.js';
import { examineGateway } from './peers.js';

const DAY_MS = 86_400_000;
const now = Date.now();
const chains = (table: string, policy = 'drop') => ({
  json: JSON.stringify({
    nftables: ['input', 'output', 'forward'].map((hook) => ({ chain: { table, hook, policy } })),
  }),
});
const soundHost: Host = {
  chains: chains('qrng_gateway'),
  rules: undefined,
  sshClients: [],
  clockSynchronized: true,
  listening: [],
  running: [],
  confined: undefined,
  addresses: ['198.51.100.20'],
  aslr: '2',
  swaps: false,
  serviceUser: process.getuid?.(),
};

/** The levels of one item's findings, in order; the texts are for people. */
const levels = (findings: Finding[], item: string): string[] =>
  findings.filter((one) => one.item === item).map(({ level }) => level);
const texts = (findings: Finding[]): string[] => findings.map(({ text }) => text);
const stillAccepted: unknown = expect.stringContaining('still accepted');
const failed = (findings: Finding[]): string[] =>
  findings.filter(({ level }) => level === 'fail').map(({ item }) => item);

describe('a gateway', () => {
  let env: Environment;
  let keyFile: string;

  beforeAll(async () => {
    env = await gatewayEnvironment({ QRNG_LOG_LEVEL: 'info' });
    const folder = temporaryFolder();
    keyFile = join(folder, 'hmac.key');
    writeFileSync(keyFile, env['QRNG_HMAC_SECRET_KEY'] ?? '', { mode: 0o600 });
    env = { ...env, QRNG_HMAC_SECRET_KEY: undefined, QRNG_HMAC_SECRET_KEY_FILE: keyFile };
  });

  const look = (changes: Environment = {}, host: Partial<Host> = {}, when = now, files: string[] = []) =>
    examine('gateway', { ...env, ...changes }, files, { ...soundHost, ...host }, when);

  test('passes when it is set up well', async () => {
    const findings = await look({ QRNG_METRICS_TOKEN: 'a'.repeat(32) });
    expect(failed(findings)).toEqual([]);
    expect(levels(findings, 'Strong keys')).toEqual(['pass', 'pass']);
    expect(levels(findings, 'Firewall')).toEqual(['pass']);
  });

  test('reports every invalid setting', async () => {
    const findings = await look({ QRNG_RATE_LIMIT_MAX: '0', QRNG_BUFFER_SIZE: 'large' });
    expect(levels(findings, 'Settings')).toEqual(['fail', 'fail']);
  });

  test('warns of a setting that does nothing beside the others', async () => {
    expect(texts(await look({ QRNG_REDIS_PREFIX: 'lab' }))).toContain(
      'QRNG_REDIS_PREFIX has no effect without QRNG_REDIS_URL',
    );
  });

  test.each([
    ['bytes that count up', Array.from({ length: 32 }, (_, index) => index + 1)],
    ['one byte again and again but once', [...Array<number>(31).fill(7), 8]],
    ['two bytes in turns', Array.from({ length: 32 }, (_, index) => index % 2)],
  ])('fails with %s for an HMAC key', async (_, bytes) => {
    const hex = Buffer.from(bytes).toString('hex');
    const findings = await look({ QRNG_HMAC_SECRET_KEY_FILE: undefined, QRNG_HMAC_SECRET_KEY: hex });
    expect(levels(findings, 'Strong keys')).toContain('fail');
    expect(JSON.stringify(findings)).not.toContain(hex);
  });

  test('is warned of an API key below 256 bits, and fails with one that repeats', async () => {
    const short = 'mallory:c0ffee5eedbea7ab1e0ddba11decade5';
    expect(levels(await look({ QRNG_API_KEY: short }), 'Strong keys')).toEqual(['pass', 'warn']);
    expect(levels(await look({ QRNG_API_KEY: 'abc'.repeat(20) }), 'Strong keys')).toEqual(['pass', 'fail']);
  });

  test('fails when others can read a key or the file of its settings', async () => {
    const file = join(temporaryFolder(), 'gateway.env');
    writeFileSync(file, '');
    chmodSync(file, 0o644);
    chmodSync(keyFile, 0o640);
    const findings = await look({}, {}, now, [file]);
    chmodSync(keyFile, 0o600);
    expect(texts(findings.filter(({ level }) => level === 'fail'))).toEqual([
      expect.stringContaining(`chmod 600 ${keyFile}`),
      expect.stringContaining(`chmod 640 ${file}`),
    ]);
    chmodSync(file, 0o640); // by its group the service reads it again
    expect(failed(await look({}, {}, now, [file]))).toEqual([]);
  });

  test('is warned of a key older than a quarter, and of a previous one that is still accepted', async () => {
    const { mtime } = statSync(keyFile);
    utimesSync(keyFile, mtime, new Date(now - 100 * DAY_MS));
    expect(levels(await look(), 'Key rotation')).toContain('warn');
    utimesSync(keyFile, mtime, new Date(now));
    const previous = join(temporaryFolder(), 'hmac.previous.key');
    writeFileSync(previous, '', { mode: 0o600 });
    const rotating = { QRNG_HMAC_SECRET_KEY_PREVIOUS_FILE: previous };
    expect(texts(await look(rotating))).not.toContainEqual(stillAccepted);
    writeFileSync(previous, '12ab'.repeat(16));
    expect(texts(await look(rotating))).toContainEqual(stillAccepted);
  });

  test('fails with a certificate that has expired, is not valid yet, or belongs to another key', async () => {
    const { keyPem } = await (await testAuthority()).issue({ commonName: 'other', hosts: ['localhost'] });
    const other = join(temporaryFolder(), 'other.key');
    writeFileSync(other, keyPem, { mode: 0o600 });
    expect(failed(await look({ QRNG_TLS_KEY_FILE: other }))).toEqual(['TLS 1.3']);
    expect(failed(await look({}, {}, now + 91 * DAY_MS))).toEqual(['TLS 1.3']);
    expect(failed(await look({}, {}, now - 8 * DAY_MS))).toEqual(['TLS 1.3']);
  });

  test.each(['{', '[{"name":"x"}]'])(
    'fails with %p for a file of API keys, as the gateway does',
    async (text) => {
      const file = join(temporaryFolder(), 'api-keys.json');
      writeFileSync(file, text, { mode: 0o600 });
      const findings = await look({ QRNG_API_KEYS_FILE: file });
      expect(texts(findings.filter(({ level }) => level === 'fail'))).toEqual([
        expect.stringMatching(/^QRNG_API_KEYS_FILE must hold valid keys: /),
      ]);
    },
  );

  test('fails with a client CA that is none, as the gateway does', async () => {
    const file = join(temporaryFolder(), 'ca.pem');
    writeFileSync(file, 'garbage');
    const findings = await look({ QRNG_TLS_CLIENT_CA_FILE: file });
    expect(texts(findings.filter(({ level }) => level === 'fail'))).toEqual([
      'QRNG_TLS_CLIENT_CA_FILE must be a PEM file with at least one CA certificate, up to the root',
    ]);
  });

  test('fails with files that the user of the service cannot read', async () => {
    const ca = join(temporaryFolder(), 'ca.pem');
    writeFileSync(ca, (await testAuthority()).certificatePem, { mode: 0o600 });
    const files = { QRNG_TLS_CLIENT_CA_FILE: ca };
    const findings = await look(files, { serviceUser: (process.getuid?.() ?? 0) + 1 });
    const unreadable = texts(findings.filter(({ level }) => level === 'fail'));
    for (const file of [keyFile, env['QRNG_TLS_KEY_FILE'] ?? '', ca]) {
      expect(unreadable).toContainEqual(expect.stringContaining(`chown qrng-gateway ${file}`));
    }
    expect(failed(await look(files, { serviceUser: undefined }))).toEqual([]);
    chmodSync(ca, 0o644);
    const others = texts(await look(files, { serviceUser: (process.getuid?.() ?? 0) + 1 }));
    expect(others).not.toContainEqual(expect.stringContaining(`chown qrng-gateway ${ca}`));
  });

  test.each([
    ['no rules', { chains: { json: '{"nftables":[]}' } }, 'Firewall'],
    ['rules that accept by default', { chains: chains('qrng_gateway', 'accept') }, 'Firewall'],
    ["the collector's rules", { chains: chains('qrng_collector') }, 'Firewall'],
    ['a clock that nobody keeps', { clockSynchronized: false }, 'Clocks'],
    ['the collector on the same machine', { running: ['collector'] }, 'Separate machines'],
    ['addresses that are not randomized', { aslr: '0' }, 'Hardened OS'],
  ])('fails with %s', async (_, host, item) => {
    expect(failed(await look({}, host))).toEqual([item]);
  });

  const rules = (changes: Record<string, string> = {}): string =>
    Object.entries(changes).reduce(
      (text, [name, value]) =>
        text.replace(new RegExp(`^define ${name} = .*$`, 'm'), `define ${name} = ${value}`),
      readFileSync('deploy/nftables/gateway.nft', 'utf8'),
    );

  test('is warned of SSH sessions that the rules would end, and of a log that could not leave', async () => {
    const sshClients = ['192.0.2.50', '2001:db8::5'];
    const warned = await look({}, { rules: rules(), sshClients });
    expect(levels(warned, 'Firewall')).toEqual(['pass', 'warn', 'warn']);
    expect(texts(warned)).toContainEqual(
      expect.stringContaining('from 192.0.2.50, 2001:db8::5: set ADMINIS'),
    );
    const set = {
      ADMINISTRATORS: '{ 192.0.2.0/24 }',
      ADMINISTRATORS_6: '{ 2001:db8::5 }',
      LOG_SERVERS: '{ 192.0.2.9 }',
    };
    const calm = await look({}, { rules: rules(set), sshClients });
    expect(levels(calm, 'Firewall')).toEqual(['pass', 'pass']);
  });

  test('is warned where something cannot be seen', async () => {
    const findings = await look({}, { chains: { missing: 'not permitted' }, clockSynchronized: undefined });
    expect([...levels(findings, 'Firewall'), ...levels(findings, 'Clocks')]).toEqual(['warn', 'warn']);
  });
});

describe('a collector', () => {
  let gateway: TestGateway;
  let env: Environment;

  beforeAll(async () => {
    gateway = await startGateway();
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'ca.pem'), (await testAuthority()).certificatePem);
    env = {
      QRNG_APPLIANCE_URLS: 'file:///dev/null',
      QRNG_PUSH_URL: `${gateway.url}/push`,
      QRNG_PUSH_CA_FILE: join(folder, 'ca.pem'),
      QRNG_HMAC_SECRET_KEY: gateway.env['QRNG_HMAC_SECRET_KEY'],
      QRNG_STATE_DIR: folder,
    };
    chmodSync(folder, 0o700);
  });
  afterAll(() => gateway.close());

  const look = (changes: Environment = {}, host: Partial<Host> = {}) =>
    examine(
      'collector',
      { ...env, ...changes },
      [],
      { ...soundHost, chains: chains('qrng_collector'), ...host },
      now,
    );

  test('sees that the gateway speaks TLS 1.3, and that it is on the same machine', async () => {
    const findings = await look();
    expect([levels(findings, 'TLS 1.3'), levels(findings, 'Push')]).toEqual([['pass'], ['pass']]);
    expect(texts(findings)).toContain("the gateway's clock is close to that of this machine");
    expect(failed(findings)).toEqual(['Separate machines']);
  });

  test('over udp asks nobody, and wants the interface to the diode closed', async () => {
    const udp = { QRNG_PUSH_URL: 'udp://203.0.113.10:7765', QRNG_PUSH_CA_FILE: undefined };
    const open = await look(udp);
    expect(levels(open, 'TLS 1.3')).toEqual([]);
    expect(levels(open, 'Firewall')).toEqual(['pass', 'fail']);
    const { nftables } = JSON.parse(chains('qrng_collector').json) as { nftables: object[] };
    for (const hook of ['ingress', 'egress']) {
      nftables.push({ chain: { table: 'qrng_one_way', hook, policy: 'drop' } });
    }
    const closed = await look(udp, { chains: { json: JSON.stringify({ nftables }) } });
    expect(levels(closed, 'Firewall')).toEqual(['pass', 'pass']);
    expect(failed(closed)).toEqual([]);
  });

  test('over a spool asks nobody, and knows of no interface', async () => {
    const findings = await look({
      QRNG_PUSH_URL: `spool://${temporaryFolder()}`,
      QRNG_PUSH_CA_FILE: undefined,
    });
    expect([levels(findings, 'TLS 1.3'), levels(findings, 'Firewall')]).toEqual([[], ['pass']]);
    expect(findings.filter(({ level }) => level === 'fail')).toEqual([]);
  });

  test('fails with a gateway of another CA', async () => {
    const ca = join(temporaryFolder(), 'ca.pem');
    writeFileSync(ca, (await createAuthority('another')).certificatePem);
    const findings = await look({ QRNG_PUSH_CA_FILE: ca });
    expect(levels(findings, 'TLS 1.3')).toEqual(['fail']);
    expect(texts(findings)).toContainEqual(expect.stringContaining('is not in QRNG_PUSH_CA_FILE'));
  });

  test.each([
    ['no path', '', '200 to GET'],
    ['a slip', '/pusch', '404 to GET'],
    ['another path', '/api/push', '401 to GET'],
    ['a blank page', '/docs', '200 to GET'],
  ])('fails with a QRNG_PUSH_URL of %s', async (_, path, seen) => {
    const findings = await look({ QRNG_PUSH_URL: gateway.url + path });
    expect([levels(findings, 'TLS 1.3'), levels(findings, 'Push')]).toEqual([['pass'], ['fail']]);
    expect(texts(findings)).toContainEqual(expect.stringContaining(`takes no packets (${seen})`));
  });

  test('fails with a gateway that takes no packets, with a web server, and with a port where nothing listens', async () => {
    const replies = [
      'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>',
      'SSH-2.0-OpenSSH\r\n',
      'HTTP/1.0 405 x\r\n\r\n',
    ];
    const server = createServer(
      (socket) =>
        void socket
          .on('error', () => undefined)
          .resume()
          .end(replies.shift() ?? ''),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/push`;
    const texts_ = async (push: string) =>
      texts(await look({ QRNG_PUSH_URL: push, QRNG_PUSH_CA_FILE: undefined }));
    for (const seen of ['200 to GET', 'its answer is not HTTP/1.1', '405 to GET']) {
      expect(await texts_(url)).toContainEqual(expect.stringContaining(`takes no packets (${seen})`));
    }
    replies.push('HTTP/1.1 400 x\r\n\r\n');
    expect(await texts_(url.replace('http', 'https'))).toContainEqual(
      expect.stringContaining('no TLS at the port'),
    );
    await new Promise((done) => server.close(done));
    expect(await texts_(url)).toContainEqual(expect.stringMatching(/ECONNREFUSED.*nothing listens/));
  });

  test('gives up on one that answers a byte at a time', async () => {
    const server = createServer((socket) => {
      const drip = setInterval(() => socket.write('H'), 500);
      socket.on('error', () => undefined).once('close', () => clearInterval(drip));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const findings = await examineGateway(`http://127.0.0.1:${port}/push`, {}, Date.now);
    expect(findings.map(({ text }) => text)).toEqual([
      expect.stringMatching(/no answer within 5 s; nothing answers at the address in QRNG_PUSH_URL/),
    ]);
    server.close();
  });

  test.each([
    [120, "this machine's clock is 120 s ahead of the gateway's"],
    [-3600, "this machine's clock is 3600 s behind the gateway's"],
  ])('fails with a clock that is %d s off', async (secs, text) => {
    const trust = { caFile: env['QRNG_PUSH_CA_FILE'] };
    const findings = await examineGateway(
      `${gateway.url}/push`,
      trust,
      () => Date.parse(new Date().toUTCString()) + secs * 1000,
    );
    const [, , clock] = findings;
    const said = clock?.text ?? '';
    const expected = text.replace(/\d+/, '');
    expect([clock?.level, said.replace(/\d+/, '').startsWith(expected)]).toEqual(['fail', true]);
    expect(Math.abs(Number(/\d+/.exec(said)?.[0]) - Math.abs(secs))).toBeLessThan(60);
  });

  test('knows a source by its fingerprint, and by no other', async () => {
    const port = new URL(gateway.url).port;
    const source = (pin: string) =>
      look({ QRNG_APPLIANCE_URLS: `https://127.0.0.1:${port}/`, QRNG_APPLIANCE_FINGERPRINT: pin });
    const certificate = new X509Certificate(readFileSync(gateway.env['QRNG_TLS_CERT_FILE'] ?? ''));
    expect(levels(await source(certificate.fingerprint256), 'TLS 1.3')).toEqual(['pass', 'pass']);
    expect(levels(await source('ab'.repeat(32)), 'TLS 1.3')).toEqual(['fail', 'pass']);
  });

  test('is warned of ports that others can reach', async () => {
    const findings = await look({}, { listening: ['00000000:0016'] });
    expect(findings).toContainEqual(
      expect.objectContaining({ level: 'warn', text: expect.stringContaining('ports 22 ') }),
    );
  });
});

test('the doctor sees this machine', () => {
  const host = thisHost('gateway');
  expect(host.aslr).toMatch(/^[012]$/);
  expect(host.addresses).toContain('127.0.0.1');
  expect(host.running).toEqual(expect.any(Array));
});
