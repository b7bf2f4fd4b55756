/** TLS as operators rely on it: 1.3 only, client certificates on /push alone, and reloads that drop no connection. */
import { writeFileSync } from 'node:fs';
import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Agent } from 'undici';
import { readSettings, SettingsError } from '#libs/settings';
import { BOUNDS } from '../../apps/gateway/src/bounds.js';
import { FileWatcher } from '../../apps/gateway/src/reload/file-watcher.js';
import { GatewaySettings } from '../../apps/gateway/src/settings.js';
import { createGateway } from '../../apps/gateway/src/create-gateway.js';
import { createAuthority } from '../../tools/certificates/authority.js';
import type { Authority } from '../../tools/certificates/authority.js';
import { gatewayEnvironment, startGateway, temporaryFolder, testAuthority } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { until } from '../support/until.js';

let clients: Authority;
let caFile: string;
let gateway: TestGateway;

beforeAll(async () => {
  clients = await createAuthority('collectors (throw-away)');
  caFile = `${temporaryFolder()}/clients.pem`;
  writeFileSync(caFile, clients.certificatePem);
  gateway = await startGateway({ QRNG_TLS_CLIENT_CA_FILE: caFile });
});
afterAll(() => gateway.close());

/** A handshake with these options: the socket, or the reason that it failed for. */
async function handshake(options: ConnectionOptions = {}): Promise<TLSSocket> {
  const ca = (await testAuthority()).certificatePem;
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(gateway.url).port), ca, ...options });
  return new Promise((done, fail) => socket.once('secureConnect', () => done(socket)).once('error', fail));
}

async function pushAs(client?: { certificatePem: string; keyPem: string }): Promise<number> {
  const ca = (await testAuthority()).certificatePem;
  const agent = new Agent({ connect: { ca, cert: client?.certificatePem, key: client?.keyPem } });
  try {
    const packet = gateway.collector.seal(Buffer.alloc(32, 7));
    const headers = { 'content-type': 'application/octet-stream' };
    const answer = await gateway.request('/push', {
      method: 'POST',
      headers,
      body: packet,
      dispatcher: agent,
    });
    expect(answer.body).toHaveLength(0);
    return answer.status;
  } finally {
    await agent.destroy();
  }
}

/** Reads all files again, as SIGHUP does. */
const reload = (): Promise<void> => gateway.app.get(FileWatcher).reload();

describe('the TLS of the gateway', () => {
  test('speaks TLS 1.3 and nothing older', async () => {
    const socket = await handshake();
    expect(socket.getProtocol()).toBe('TLSv1.3');
    socket.destroy();
    await expect(handshake({ maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/i);
  });

  test.each([
    [undefined, 'X25519MLKEM768', 'X25519MLKEM768'],
    ['X25519', 'X25519', 'X25519'],
    ['P-256', 'prime256v1', 'P-256'],
    ['P-384', 'secp384r1', 'P-384'],
  ])(
    'agrees keys with a client that offers %s in %s, and counts it as %s',
    async (offered, agreed, counted) => {
      const series = `qrng_tls_handshakes_total{group="${counted}"}`;
      await gateway.request('/health/live'); // the connection of this client itself
      const before = (await gateway.metric(series)) ?? 0;
      const socket = await handshake(offered === undefined ? {} : { ecdhCurve: offered });
      expect(socket.getEphemeralKeyInfo()).toMatchObject({ name: agreed });
      await until('it is counted', async () => ((await gateway.metric(series)) ?? 0) > before);
      socket.destroy();
    },
  );

  test('resumes no session where it demands client certificates: each is checked at each connection', async () => {
    const { certificatePem: cert, keyPem: key } = await clients.issue({ commonName: 'lab', client: true });
    const first = await handshake({ cert, key });
    const session = await new Promise<Buffer>((done) => first.once('session', done));
    const again = await handshake({ cert, key, session });
    expect(again.isSessionReused()).toBe(false);
    for (const socket of [first, again]) socket.destroy();
  });

  test('tells browsers to come by TLS alone', async () => {
    const { headers } = await gateway.get('/api/status');
    expect(headers['strict-transport-security']).toBe('max-age=31536000');
  });

  test('demands a client certificate of its CA on /push, and nowhere else', async () => {
    const stranger = await createAuthority('somebody else');
    expect(await pushAs()).toBe(401);
    expect(await pushAs(await stranger.issue({ commonName: 'lab', client: true }))).toBe(401);
    expect(await pushAs(await clients.issue({ commonName: 'lab', client: true }))).toBe(204);
    expect((await gateway.request('/health/live')).status).toBe(200);
    expect((await gateway.get('/api/status')).status).toBe(200);
  });

  test('takes up a new certificate without dropping a connection, and stays at TLS 1.3', async () => {
    const before = await handshake();
    const renewed = await (await testAuthority()).issue({ commonName: 'renewed', hosts: ['127.0.0.1'] });
    writeFileSync(gateway.env['QRNG_TLS_CERT_FILE'] ?? '', renewed.certificatePem);
    writeFileSync(gateway.env['QRNG_TLS_KEY_FILE'] ?? '', renewed.keyPem);
    await reload();
    const after = await handshake();
    expect(after.getPeerCertificate().fingerprint256).toBe(renewed.fingerprint256);
    expect(before.getPeerCertificate().fingerprint256).not.toBe(renewed.fingerprint256);
    before.write('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
    const answer = await new Promise<Buffer>((done) => before.once('data', done));
    expect(answer.toString()).toContain('200 OK');
    await expect(handshake({ maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/i);
    for (const socket of [before, after]) socket.destroy();
  });

  test('keeps the certificate in use when the new files are invalid', async () => {
    const other = await (await testAuthority()).issue({ commonName: 'other', hosts: ['127.0.0.1'] });
    const inUse = await handshake();
    const expiry = await gateway.metric('qrng_certificate_expiry_timestamp_seconds{what="server"}');
    writeFileSync(gateway.env['QRNG_TLS_CERT_FILE'] ?? '', other.certificatePem); // without its key
    await reload();
    const after = await handshake();
    expect(after.getPeerCertificate().fingerprint256).toBe(inUse.getPeerCertificate().fingerprint256);
    expect(await gateway.metric('qrng_certificate_expiry_timestamp_seconds{what="server"}')).toBe(expiry);
    writeFileSync(gateway.env['QRNG_TLS_KEY_FILE'] ?? '', other.keyPem);
    await reload();
    for (const socket of [inUse, after]) socket.destroy();
  });

  test('refuses a client certificate once it is revoked, also in a resumed session', async () => {
    const lost = await clients.issue({ commonName: 'lost', client: true });
    const kept = await clients.issue({ commonName: 'kept', client: true });
    const credentials = { cert: lost.certificatePem, key: lost.keyPem };
    const first = await handshake(credentials);
    const session = await new Promise<Buffer>((done) => first.once('session', done));
    expect(await pushAs(lost)).toBe(204);
    writeFileSync(caFile, clients.certificatePem + (await clients.revocationList([lost.serial])));
    await reload();
    expect(await pushAs(lost)).toBe(401);
    expect(await pushAs(kept)).toBe(204);
    const resumed = await handshake({ ...credentials, session });
    expect(resumed.isSessionReused()).toBe(false);
    for (const socket of [first, resumed]) socket.destroy();
  });
});

test('a push on a connection from before a reload is the last one there, so that a revoked client has to come again', async () => {
  const { certificatePem: cert, keyPem: key } = await clients.issue({ commonName: 'old', client: true });
  const socket = await handshake({ cert, key });
  const push = async (): Promise<string> => {
    const packet = gateway.collector.seal(Buffer.alloc(32, 7));
    const type = 'Content-Type: application/octet-stream';
    socket.write(`POST /push HTTP/1.1\r\nHost: a\r\n${type}\r\nContent-Length: ${packet.length}\r\n\r\n`);
    socket.write(packet);
    return (await new Promise<Buffer>((done) => socket.once('data', done))).toString();
  };
  expect(await push()).toMatch(/^HTTP\/1\.1 204 [^]*connection: keep-alive/i);
  await reload();
  const closed = new Promise((done) => socket.once('close', done));
  expect(await push()).toMatch(/^HTTP\/1\.1 204 [^]*connection: close/i);
  await closed;
});

test('a revoked client gets no push through on a connection from before, however many it sends together', async () => {
  const {
    certificatePem: cert,
    keyPem: key,
    serial,
  } = await clients.issue({ commonName: 'lost', client: true });
  const idle = await handshake({ cert, key });
  const busy = await handshake({ cert, key });
  const received = await gateway.metric('qrng_entropy_received_bytes_total');
  const push = (): Buffer => {
    const packet = gateway.collector.seal(Buffer.alloc(32, 7));
    const type = 'Content-Type: application/octet-stream';
    const head = `POST /push HTTP/1.1\r\nHost: a\r\n${type}\r\nContent-Length: ${packet.length}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), packet]);
  };
  const first = push();
  busy.write(first.subarray(0, first.length - 50)); // under way, so that the reload does not end it
  const twoConnections = 2 * (BOUNDS.connectionBytes + BOUNDS.tlsBytes);
  await until('its body is read', async () => {
    return ((await gateway.metric('qrng_connection_bytes{room="known"}')) ?? 0) > twoConnections;
  });
  const said = new Promise<string>((done) => {
    let text = '';
    busy.on('data', (chunk: Buffer) => (text += chunk.toString())).once('close', () => done(text));
  });
  writeFileSync(caFile, clients.certificatePem + (await clients.revocationList([serial])));
  const ended = new Promise((done) => idle.resume().once('close', done));
  await reload();
  await ended;
  busy.write(Buffer.concat([first.subarray(first.length - 50), ...Array.from({ length: 45 }, push)]));
  // What was under way is finished; the connection ends with its answer, or with a refusal of the next one.
  const answers = (await said).split(/^(?=HTTP\/1\.1 )/m);
  expect(answers.map((answer) => answer.slice(9, 12))).toEqual(
    answers.length === 1 ? ['204'] : ['204', '503'],
  );
  expect(answers.at(-1)).toMatch(/^connection: close\r\n/im);
  expect(await gateway.metric('qrng_entropy_received_bytes_total')).toBe((received ?? 0) + 32);
});

describe('a gateway whose TLS files are invalid', () => {
  async function problemsWith(overrides: Record<string, string>): Promise<readonly string[]> {
    const env = await gatewayEnvironment(overrides);
    try {
      const app = await createGateway(readSettings(GatewaySettings, env).settings);
      await app.close();
      return [];
    } catch (error) {
      if (error instanceof SettingsError) return error.problems;
      throw error;
    }
  }

  async function save(request: Parameters<Authority['issue']>[0]): Promise<Record<string, string>> {
    const { certificatePem, keyPem } = await (await testAuthority()).issue(request);
    const folder = temporaryFolder();
    writeFileSync(`${folder}/cert.pem`, certificatePem);
    writeFileSync(`${folder}/key.pem`, keyPem);
    return { QRNG_TLS_CERT_FILE: `${folder}/cert.pem`, QRNG_TLS_KEY_FILE: `${folder}/key.pem` };
  }

  test('does not start, and names the variable', async () => {
    const good = await save({ commonName: 'gateway', hosts: ['localhost'] });
    const old = { notBefore: new Date(Date.now() - 9e8), notAfter: new Date(Date.now() - 1000) };
    const expired = await save({ commonName: 'gateway', hosts: ['localhost'], ...old });
    const { QRNG_TLS_CERT_FILE: otherCert = '' } = await save({ commonName: 'other', hosts: ['localhost'] });
    expect(await problemsWith(good)).toEqual([]);
    expect((await problemsWith({ ...good, QRNG_TLS_CERT_FILE: otherCert }))[0]).toMatch(
      /^QRNG_TLS_KEY_FILE must be the/,
    );
    expect((await problemsWith(expired))[0]).toMatch(/^QRNG_TLS_CERT_FILE must be .* not expired/);
    expect((await problemsWith({ QRNG_TLS_CLIENT_CA_FILE: good['QRNG_TLS_KEY_FILE'] ?? '' }))[0]).toMatch(
      /^QRNG_TLS_CLIENT_CA_FILE/,
    );
    expect((await problemsWith({ QRNG_TLS_CLIENT_CA_FILE: otherCert }))[0]).toMatch(
      /^QRNG_TLS_CLIENT_CA_FILE must be .* root/,
    );
    expect((await problemsWith({ QRNG_TLS: 'off', QRNG_TLS_CLIENT_CA_FILE: otherCert }))[0]).toMatch(
      /^QRNG_TLS_CLIENT_CA_FILE must be unset/,
    );
  });
});
