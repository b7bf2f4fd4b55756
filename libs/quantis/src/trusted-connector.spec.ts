import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority, createSelfSigned } from '../../../tools/certificates/authority.js';
import type {
  Authority,
  CertificateRequest,
  IssuedCertificate,
} from '../../../tools/certificates/authority.js';
import { ApplianceSource } from './appliance-source.js';
import { startSimulator } from './simulator/index.js';
import type { Simulator } from './simulator/index.js';
import type { Trust } from './trusted-connector.js';

const directory = mkdtempSync(join(tmpdir(), 'trust-'));
const caFile = join(directory, 'ca.pem');
const otherCaFile = join(directory, 'other-ca.pem');
const open: { close: () => unknown }[] = [];
let authority: Authority;

beforeAll(async () => {
  authority = await createAuthority('throw-away');
  writeFileSync(caFile, authority.certificatePem);
  writeFileSync(otherCaFile, (await createAuthority('another')).certificatePem);
});
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});
afterAll(() => rmSync(directory, { recursive: true }));

const wanted: CertificateRequest = { commonName: 'simulated appliance', hosts: ['127.0.0.1'] };

async function appliance(pair: IssuedCertificate): Promise<Simulator> {
  const simulator = await startSimulator(pair);
  open.push(simulator);
  return simulator;
}

function fetchFrom(url: string, trust: Trust): Promise<Buffer> {
  const source = new ApplianceSource({ name: 'appliance', url, timeoutMs: 2000, ...trust });
  open.push(source);
  return source.fetch(32);
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({ close: () => server.close() });
  return (server.address() as AddressInfo).port;
}

describe('the trust in an appliance', () => {
  test('holds for a certificate of the CA file', async () => {
    const { url } = await appliance(await authority.issue(wanted));
    expect((await fetchFrom(url, { caFile })).length).toBe(32);
  });

  test.each<[string, () => Promise<IssuedCertificate>, string]>([
    [
      'of another CA',
      () => createAuthority('x').then((other) => other.issue(wanted)),
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    ],
    ['that signed itself', () => createSelfSigned(wanted), 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    [
      'that has expired',
      () => authority.issue({ ...wanted, notAfter: new Date(Date.now() - 1000) }),
      'CERT_HAS_EXPIRED',
    ],
    [
      'not valid yet',
      () => authority.issue({ ...wanted, notBefore: new Date(Date.now() + 60_000) }),
      'CERT_NOT_YET_VALID',
    ],
    [
      'for another host',
      () => authority.issue({ ...wanted, hosts: ['appliance.lan'] }),
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
    ['of a client', () => authority.issue({ ...wanted, client: true }), 'INVALID_PURPOSE'],
  ])('refuses a certificate %s before it asks for anything', async (_, issue, reason) => {
    const simulator = await appliance(await issue());
    await expect(fetchFrom(simulator.url, { caFile })).rejects.toMatchObject({
      code: 'tls',
      message: expect.stringContaining(reason),
    });
    expect(simulator.requests).toBe(0);
  });

  test('without CA file and pins is that of the system, also where NODE_TLS_REJECT_UNAUTHORIZED says otherwise', async () => {
    const { url } = await appliance(await authority.issue(wanted));
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      await expect(fetchFrom(url, {})).rejects.toMatchObject({ code: 'tls' });
      await expect(fetchFrom(url, { caFile: otherCaFile })).rejects.toMatchObject({ code: 'tls' });
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
  });

  test('holds for a pinned certificate that signed itself, whatever its name', async () => {
    const pair = await createSelfSigned({ commonName: 'quantis', hosts: ['quantis.local'] });
    const { url } = await appliance(pair);
    const other = 'AB:'.repeat(31) + 'AB';
    expect((await fetchFrom(url, { fingerprints: [pair.fingerprint256] })).length).toBe(32);
    const bare = pair.fingerprint256.replaceAll(':', '').toLowerCase();
    expect((await fetchFrom(url, { fingerprints: [other, bare] })).length).toBe(32);
  });

  test('refuses a certificate that is not pinned, and says which it was, before it asks for anything', async () => {
    const pair = await createSelfSigned(wanted);
    const simulator = await appliance(await createSelfSigned(wanted));
    await expect(fetchFrom(simulator.url, { fingerprints: [pair.fingerprint256] })).rejects.toMatchObject({
      code: 'tls',
      message: expect.stringMatching(/SHA-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}\) is not pinned/),
    });
    expect(simulator.requests).toBe(0);
  });

  test('with CA file and pins demands both', async () => {
    const pair = await authority.issue(wanted);
    const { url } = await appliance(pair);
    const pinned = { fingerprints: [pair.fingerprint256] };
    const another = { fingerprints: [(await authority.issue(wanted)).fingerprint256] };
    expect((await fetchFrom(url, { caFile, ...pinned })).length).toBe(32);
    await expect(fetchFrom(url, { caFile, ...another })).rejects.toMatchObject({ code: 'tls' });
    await expect(fetchFrom(url, { caFile: otherCaFile, ...pinned })).rejects.toMatchObject({ code: 'tls' });
  });

  test('is asked again on each connection: a certificate that changed is refused', async () => {
    const pair = await createSelfSigned(wanted);
    const simulator = await appliance(pair);
    const source = new ApplianceSource({
      name: 'appliance',
      url: simulator.url,
      timeoutMs: 2000,
      fingerprints: [pair.fingerprint256],
    });
    open.push(source);
    await source.fetch(32);
    simulator.useCertificate(await createSelfSigned(wanted));
    await source.fetch(32).catch(() => undefined); // may still find the old connection, cut
    await expect(source.fetch(32)).rejects.toMatchObject({ code: 'tls' });
    simulator.useCertificate(pair);
    expect((await source.fetch(32)).length).toBe(32);
  });

  test('follows the CA file when it is replaced, and fails without it', async () => {
    const { url } = await appliance(await authority.issue(wanted));
    const replaced = join(directory, 'replaced.pem');
    const source = new ApplianceSource({ name: 'appliance', url, timeoutMs: 2000, caFile: replaced });
    open.push(source);
    await expect(source.fetch(32)).rejects.toMatchObject({
      code: 'tls',
      message: expect.stringContaining('CA file'),
    });
    writeFileSync(replaced, (await createAuthority('another')).certificatePem);
    await expect(source.fetch(32)).rejects.toMatchObject({ code: 'tls' });
    writeFileSync(replaced, authority.certificatePem);
    expect((await source.fetch(32)).length).toBe(32);
  });

  test.each([
    ['ECDHE-ECDSA-AES128-GCM-SHA256', true],
    ['ECDHE-ECDSA-CHACHA20-POLY1305', true],
    ['ECDHE-ECDSA-AES128-SHA256', false],
    ['ECDHE-ECDSA-AES256-SHA', false],
  ])(
    'offers TLS 1.2 with forward secrecy and authenticated encryption alone: %s is %s',
    async (ciphers, taken) => {
      const { certificatePem: cert, keyPem: key } = await authority.issue(wanted);
      const server = createTlsServer({ cert, key, ciphers: `${ciphers}:@SECLEVEL=0`, maxVersion: 'TLSv1.2' });
      const port = await listening(server);
      server.on('tlsClientError', () => undefined);
      server.on('secureConnection', (socket) =>
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\n' + 'x'.repeat(32)),
      );
      const fetched = fetchFrom(`https://127.0.0.1:${port}/`, { caFile });
      if (taken) expect((await fetched).length).toBe(32);
      else await expect(fetched).rejects.toMatchObject({ code: 'tls' });
    },
  );
});

describe('the connection to an appliance', () => {
  test('fails as a connection where nobody listens or no such host is', async () => {
    const server = createTcpServer();
    const port = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, 'appliance.invalid']) {
      await expect(fetchFrom(`https://${host}/`, { caFile })).rejects.toMatchObject({ code: 'connection' });
    }
  });

  test('fails as TLS where the port speaks something else', async () => {
    const port = await listening(createServer((_, response) => response.end('x'.repeat(32))));
    await expect(fetchFrom(`https://127.0.0.1:${port}/`, { caFile })).rejects.toMatchObject({ code: 'tls' });
  });

  test('times out where nobody answers the handshake', async () => {
    const sockets: Socket[] = [];
    const port = await listening(createTcpServer((socket) => sockets.push(socket)));
    const source = new ApplianceSource({
      name: 'a',
      url: `https://127.0.0.1:${port}/`,
      timeoutMs: 100,
      caFile,
    });
    open.push(source);
    await expect(source.fetch(32)).rejects.toMatchObject({ code: 'timeout' });
    for (const socket of sockets) socket.destroy();
  });

  test('is plain HTTP to loopback where the operator says so, pins or not', async () => {
    const port = await listening(createServer((_, response) => response.end(Buffer.alloc(32, 0xfe))));
    const fingerprints = ['ab'.repeat(32)];
    expect((await fetchFrom(`http://127.0.0.1:${port}/`, { fingerprints })).length).toBe(32);
  });
});
