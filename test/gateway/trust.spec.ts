/** Trust has dates: what cannot work is refused at the start and at a reload, and what comes to its end meanwhile is seen. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Agent } from 'undici';
import { readSettings } from '#libs/settings';
import { fileProblems } from '../../apps/gateway/src/check-files.js';
import { Clock } from '../../apps/gateway/src/clock.js';
import { FileWatcher } from '../../apps/gateway/src/reload/file-watcher.js';
import { GatewaySettings } from '../../apps/gateway/src/settings.js';
import { createAuthority } from '../../tools/certificates/authority.js';
import type { Authority, IssuedCertificate, Validity } from '../../tools/certificates/authority.js';
import { startGateway, temporaryFolder, testAuthority } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { until } from '../support/until.js';

const HOUR = 3_600_000;
const EXPIRY = 'qrng_certificate_expiry_timestamp_seconds';
const inHours = (hours: number): Date => new Date(Date.now() + hours * HOUR);
const past = { notBefore: inHours(-9), notAfter: inHours(-1) };
const future = { notBefore: inHours(1), notAfter: inHours(9) };

let clients: Authority;
let lab: IssuedCertificate;
let caFile: string;
let gateway: TestGateway;

beforeAll(async () => {
  clients = await createAuthority('collectors', { above: true });
  lab = await clients.issue({ commonName: 'lab', client: true });
  caFile = join(temporaryFolder(), 'clients.pem');
  await trust(clients);
  gateway = await startGateway({ QRNG_TLS_CLIENT_CA_FILE: caFile });
});
afterAll(() => gateway.close());

/** Writes the file of client CAs: this authority with a list of this validity. */
async function trust(authority: Authority, valid?: Validity): Promise<void> {
  writeFileSync(caFile, authority.certificatePem + (await authority.revocationList([], valid)));
}

async function pushAs(client?: IssuedCertificate): Promise<number> {
  const dispatcher = await connectionOf(client);
  try {
    return await pushOn(dispatcher);
  } finally {
    await dispatcher.destroy();
  }
}

/** One connection that stays open from push to push. */
async function connectionOf(client?: IssuedCertificate): Promise<Agent> {
  const { certificatePem: ca } = await testAuthority();
  return new Agent({ connections: 1, connect: { ca, cert: client?.certificatePem, key: client?.keyPem } });
}

async function pushOn(dispatcher: Agent): Promise<number> {
  const { status } = await gateway.request('/push', {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: gateway.collector.seal(Buffer.alloc(32, 7)),
    dispatcher,
  });
  return status;
}

const reload = (): Promise<void> => gateway.app.get(FileWatcher).reload();
const taken = (what: string): Promise<number | undefined> =>
  gateway.metric(`qrng_reload_success{what="${what}"}`);

async function warnings(): Promise<string[]> {
  const { text } = await gateway.get('/api/status');
  return (JSON.parse(text) as { warnings: string[] }).warnings;
}

async function health(check: string): Promise<unknown> {
  const { text } = await gateway.request('/health');
  return (JSON.parse(text) as { details: Record<string, unknown> }).details[check];
}

/** Client CA files by which nobody could pass. */
const useless: [string, RegExp, () => Promise<string>][] = [
  [
    'an expired list',
    /revocation list of "CN=collectors" expired/,
    async () => clients.certificatePem + (await clients.revocationList([], past)),
  ],
  [
    'a list of the future',
    /not valid yet/,
    async () => clients.certificatePem + (await clients.revocationList([], future)),
  ],
  [
    'an expired CA',
    /CA certificate of "CN=old" expired/,
    async () => (await createAuthority('old', past)).certificatePem,
  ],
  [
    'no list for the root',
    /none of "CN=collectors"/,
    async () => {
      const between = await clients.issueAuthority('between');
      return between.certificatePem + clients.certificatePem + (await between.revocationList([]));
    },
  ],
];

test.each(useless)(
  'a client CA file with %s is refused at a reload, and the old one goes on',
  async (_, reason, file) => {
    writeFileSync(caFile, await file());
    await reload();
    expect(await taken('client-ca')).toBe(0);
    expect(await taken('certificate')).toBe(1);
    expect(await warnings()).toContainEqual(expect.stringMatching(reason));
    expect(await health('reload')).toEqual({ status: 'degraded', refused: ['client-ca'] });
    expect(await health('certificates')).toEqual({ status: 'up' });
    expect(await pushAs(lab)).toBe(204);
    await trust(clients);
    await reload();
    expect(await taken('client-ca')).toBe(1);
  },
);

test.each(useless)(
  'a start with %s is refused, in one line that names the variable',
  async (_, reason, file) => {
    const path = join(temporaryFolder(), 'clients.pem');
    writeFileSync(path, await file());
    const env = { ...gateway.env, QRNG_TLS_CLIENT_CA_FILE: path };
    const problems = fileProblems(readSettings(GatewaySettings, env).settings, Date.now());
    expect(problems).toEqual([expect.stringMatching(/^QRNG_TLS_CLIENT_CA_FILE must be [^\n]+$/)]);
    expect(problems[0]).toMatch(reason);
    const replica = {
      ...env,
      QRNG_INGEST: 'off',
      QRNG_REDIS_URL: 'redis://127.0.0.1:1',
      QRNG_HMAC_SECRET_KEY: undefined,
    };
    // It takes no packets, so that nobody has to pass.
    expect(fileProblems(readSettings(GatewaySettings, replica).settings, Date.now())).toEqual([]);
  },
);

test('a certificate for clients, an expired one, and one of the future are refused at a reload', async () => {
  const { QRNG_TLS_CERT_FILE: certFile = '', QRNG_TLS_KEY_FILE: keyFile = '' } = gateway.env;
  const before = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
  const expires = await gateway.metric(`${EXPIRY}{what="server"}`);
  expect(expires).toBeGreaterThan(Date.now() / 1000);
  for (const request of [{ client: true }, past, future]) {
    const issued = await (
      await testAuthority()
    ).issue({ commonName: 'gateway', hosts: ['127.0.0.1'], ...request });
    writeFileSync(certFile, issued.certificatePem);
    writeFileSync(keyFile, issued.keyPem);
    await reload();
    expect(await taken('certificate')).toBe(0);
    expect(await taken('client-ca')).toBe(1);
    expect(await gateway.metric(`${EXPIRY}{what="server"}`)).toBe(expires);
  }
  writeFileSync(certFile, before.cert);
  writeFileSync(keyFile, before.key);
  await reload();
  expect(await taken('certificate')).toBe(1);
});

test.each<[string, () => Promise<IssuedCertificate | undefined>]>([
  ['no certificate', async () => Promise.resolve(undefined)],
  ['an expired certificate', () => clients.issue({ commonName: 'late', client: true, ...past })],
  ['a certificate of the future', () => clients.issue({ commonName: 'early', client: true, ...future })],
  ['a certificate for servers', () => clients.issue({ commonName: 'wrong', hosts: ['localhost'] })],
  [
    'a certificate of somebody else',
    async () => (await createAuthority('else')).issue({ commonName: 'x', client: true }),
  ],
])('a push with %s is counted as client_cert, apart from wrong HMACs', async (_, client) => {
  const count = (result: string): Promise<number | undefined> =>
    gateway.metric(`qrng_packets_total{collector="unverified",result="${result}",transport="https"}`);
  const [before, hmac] = [(await count('client_cert')) ?? 0, await count('hmac')];
  expect(await pushAs(await client())).toBe(401);
  expect(await count('client_cert')).toBe(before + 1);
  expect(await count('hmac')).toBe(hmac);
});

test('what ends within 14 days is a warning, and a list that ends while it is in use is seen at that moment', async () => {
  await trust(clients, { notAfter: inHours(24 * 9 + 1) });
  await reload();
  expect(await warnings()).toContainEqual(
    expect.stringMatching(/^A revocation list in QRNG_TLS_CLIENT_CA_FILE expires in 9 days/),
  );
  expect(await health('certificates')).toEqual({ status: 'up' });
  const end = Math.ceil(Date.now() / 1000) + 2;
  await trust(clients, { notAfter: new Date(end * 1000) });
  await reload();
  if ((await taken('client-ca')) === 1) {
    expect(await gateway.metric(`${EXPIRY}{what="client_crl"}`)).toBe(end);
  }
  const open = await connectionOf(lab);
  await pushOn(open); // on a slow machine the list may be at its end by now
  await until('the end of the list is seen', async () => {
    return (await warnings()).some((warning) =>
      warning.includes('revocation list of "CN=collectors" expired'),
    );
  });
  await until('the certificates are degraded, or the list came too late to be taken', async () => {
    const degraded = (await health('certificates')) as { status: string };
    return degraded.status === 'degraded' || (await taken('client-ca')) === 0;
  });
  if ((await taken('client-ca')) === 1) {
    expect([401, 503]).toContain(await pushOn(open));
    expect(await pushOn(open)).toBe(401);
  }
  await open.destroy();
  await trust(clients);
  await reload();
  expect(await health('certificates')).toEqual({ status: 'up' });
  expect(await pushAs(lab)).toBe(204);
});

test('a client certificate that expires while its connection is open pushes no more', async () => {
  const hourly = await clients.issue({ commonName: 'lab', client: true, notAfter: inHours(1) });
  const open = await connectionOf(hourly);
  expect(await pushOn(open)).toBe(204);
  const clock = jest.spyOn(gateway.app.get(Clock), 'now').mockReturnValue(inHours(1.01).getTime());
  try {
    expect(await pushOn(open)).toBe(401);
  } finally {
    clock.mockRestore();
    await open.destroy();
  }
  expect(await pushAs(lab)).toBe(204);
});

test('one of several authorities that has expired is a warning, and the others go on', async () => {
  const old = await createAuthority('old', past);
  writeFileSync(caFile, clients.certificatePem + old.certificatePem);
  await reload();
  expect(await taken('client-ca')).toBe(1);
  expect(await warnings()).toContainEqual(expect.stringContaining('"CN=old" expired'));
  expect(await health('certificates')).toEqual({
    status: 'degraded',
    unusable: ['QRNG_TLS_CLIENT_CA_FILE'],
  });
  expect(await pushAs(lab)).toBe(204);
});
