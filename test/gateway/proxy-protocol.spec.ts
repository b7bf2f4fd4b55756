/** A proxy in front that passes TLS through: who its clients are, and who may not say so. On real sockets. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect as connectTcp, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { proxyHeader, rawProxyHeader } from '../support/proxy-header.js';
import { until } from '../support/until.js';

/** All of 127.0.0.0/8 is this machine: one address is the proxy's, another a stranger's. */
const PROXY = '127.0.0.1';
const STRANGER = '127.0.0.2';
const NO_KEY = 'Authorization: Bearer nobody-has-this-key-nobody-has-this-key';
const LIVE = 'GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

let tls: TestGateway;
let plain: TestGateway;
beforeAll(async () => {
  const trust = { QRNG_TRUST_PROXY: `${PROXY},203.0.113.80` };
  [tls, plain] = await Promise.all([startGateway(trust), startGateway({ ...trust, QRNG_TLS: 'off' })]);
});
afterAll(() => Promise.all([tls.close(), plain.close()]));

async function tcp(gateway: TestGateway, localAddress: string): Promise<Socket> {
  const socket = connectTcp({ host: '127.0.0.1', port: Number(new URL(gateway.url).port), localAddress });
  socket.on('error', () => undefined); // a reset is one way of being refused
  await once(socket, 'connect');
  return socket;
}

async function answerOn(socket: Socket, request: string | Buffer): Promise<string> {
  let said = '';
  socket.setEncoding('latin1').on('data', (text: string) => (said += text));
  socket.on('error', () => undefined);
  socket.write(request);
  if (!socket.closed) await once(socket, 'close');
  return said;
}

/** What comes back for `request`, sent through TLS after `header`. */
async function throughTls(header: Buffer, request: string | Buffer, from = PROXY): Promise<string> {
  const socket = await tcp(tls, from);
  socket.write(header);
  return answerOn(connectTls({ socket, rejectUnauthorized: false }), request);
}

/** A proxy that sends `header` in one write with the first bytes of its client; its port. */
async function relay(header: Buffer): Promise<{ port: number; close: () => void }> {
  const server = createServer((client) => {
    void tcp(tls, PROXY).then((gateway) => {
      client.once('data', (bytes: Buffer) => {
        gateway.write(Buffer.concat([header, bytes]));
        client.pipe(gateway).pipe(client);
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

/** The source addresses of failed authentications in the audit trail. */
function sources(gateway: TestGateway): string[] {
  const folder = join(gateway.env['QRNG_STATE_DIR'] ?? '', 'audit');
  const lines = readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'));
  return lines.map((line) => String((JSON.parse(line) as { source?: string }).source));
}

const failed = (more = ''): string =>
  `GET /api/random HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${more}${NO_KEY}\r\n\r\n`;

describe('a client behind a proxy that passes TLS through', () => {
  test.each([
    ['IPv4', '198.51.100.7'],
    ['IPv6', '2001:db8:7::5'],
  ])('has its own address in the audit trail, %s', async (_, address) => {
    expect(await throughTls(proxyHeader(address), failed())).toMatch(/^HTTP\/1\.1 401 /);
    await until('the line is there', () => sources(tls).includes(address));
  });

  test('cannot claim another one by X-Forwarded-For', async () => {
    const claim = 'X-Forwarded-For: 198.51.100.66\r\n';
    await throughTls(proxyHeader('198.51.100.8'), failed(claim));
    await until('the line is there', () => sources(tls).includes('198.51.100.8'));
    await throughTls(rawProxyHeader('21', '00'), failed(claim)); // nor where the proxy does not say who it is
    await until('the line is there', () => sources(tls).includes(PROXY));
    expect(sources(tls)).not.toContain('198.51.100.66');
  });

  test('that is a trusted proxy itself may', async () => {
    await throughTls(proxyHeader('203.0.113.80'), failed('X-Forwarded-For: 198.51.100.9\r\n'));
    await until('the line is there', () => sources(tls).includes('198.51.100.9'));
  });

  test('pushes a packet', async () => {
    const packet = tls.collector.seal(randomBytes(100_000));
    const head = `POST /push HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/octet-stream\r\nContent-Length: ${packet.length}\r\n\r\n`;
    const said = await throughTls(proxyHeader('198.51.100.7'), Buffer.concat([Buffer.from(head), packet]));
    expect(said).toMatch(/^HTTP\/1\.1 204 /);
  });

  test('is served when its header comes byte by byte, and when TLS is in one piece with it', async () => {
    const socket = await tcp(tls, PROXY);
    for (const byte of proxyHeader('198.51.100.7')) {
      socket.write(Buffer.of(byte));
      await new Promise((wake) => setImmediate(wake));
    }
    expect(await answerOn(connectTls({ socket, rejectUnauthorized: false }), LIVE)).toMatch(
      /^HTTP\/1\.1 200 /,
    );
    const proxy = await relay(proxyHeader('198.51.100.7'));
    const through = connectTls({ port: proxy.port, host: '127.0.0.1', rejectUnauthorized: false });
    expect(await answerOn(through, LIVE)).toMatch(/^HTTP\/1\.1 200 /);
    proxy.close();
  });

  test('is served without TLS too, its whole request in one piece with the header', async () => {
    const request = Buffer.concat([proxyHeader('198.51.100.7'), Buffer.from(failed())]);
    expect(await answerOn(await tcp(plain, PROXY), request)).toMatch(/^HTTP\/1\.1 401 /);
    await until('the line is there', () => sources(plain).includes('198.51.100.7'));
  });
});

describe('the proxy itself', () => {
  test.each([
    ['without a header', Buffer.alloc(0)],
    ['with the command LOCAL, as for its health checks', rawProxyHeader('20', '00')],
  ])('is served %s', async (_, header) => {
    expect(await throughTls(header, LIVE)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('brings its clients by X-Forwarded-For where it ends their TLS', async () => {
    await throughTls(Buffer.alloc(0), failed('X-Forwarded-For: 198.51.100.10\r\n'));
    await until('the line is there', () => sources(tls).includes('198.51.100.10'));
  });
});

describe('a PROXY header', () => {
  test('of a stranger is no header, with TLS and without', async () => {
    const header = proxyHeader('198.51.100.11');
    expect(await answerOn(await tcp(tls, STRANGER), header)).toBe('');
    const request = Buffer.concat([header, Buffer.from(failed())]);
    expect(await answerOn(await tcp(plain, STRANGER), request)).toMatch(/^HTTP\/1\.1 400 /);
    expect([...sources(tls), ...sources(plain)]).not.toContain('198.51.100.11');
  });

  test('inside TLS is none, nor a second one', async () => {
    const header = proxyHeader('198.51.100.12');
    const inside = Buffer.concat([header, Buffer.from(failed())]);
    expect(await throughTls(proxyHeader('198.51.100.13'), inside)).toMatch(/^HTTP\/1\.1 400 /);
    expect(await answerOn(await tcp(tls, PROXY), Buffer.concat([header, header]))).toBe('');
    expect(sources(tls)).not.toContain('198.51.100.12');
  });

  test.each([
    ['of UDP', rawProxyHeader('21', '12', Buffer.alloc(12))],
    ['of version 1', Buffer.from('PROXY TCP4 198.51.100.14 127.0.0.1 1 2\r\n')],
    ['with an address that is too short', rawProxyHeader('21', '21', Buffer.alloc(12))],
    ['that is too long', rawProxyHeader('21', '11', Buffer.alloc(5000))],
  ])('%s ends the connection', async (_, header) => {
    expect(await answerOn(await tcp(tls, PROXY), header)).toBe('');
  });

  test('that is cut off, or does not come to its end in five seconds, ends the connection and is counted', async () => {
    const series = 'qrng_connections_refused_total{reason="proxy-header"}';
    const before = (await tls.metric(series)) ?? 0;
    const cut = await tcp(tls, PROXY);
    cut.end(proxyHeader('198.51.100.15').subarray(0, 20));
    const slow = await tcp(tls, PROXY);
    expect(await answerOn(slow, proxyHeader('198.51.100.15').subarray(0, 20))).toBe('');
    await until('both are counted', async () => ((await tls.metric(series)) ?? 0) >= before + 2);
  }, 30_000);
});

test('many clients behind one proxy have a room each: none is taken for the proxy', async () => {
  const held = async (room: string): Promise<number> =>
    (await tls.metric(`qrng_connections{room="${room}"}`)) ?? NaN;
  await until('those of earlier tests are gone', async () => (await held('strangers')) === 0);
  const sockets = await Promise.all(
    ['198.51.100.20', '192.0.2.20', '2001:db8:9::1'].map(async (address) => {
      const socket = await tcp(tls, PROXY);
      socket.write(proxyHeader(address));
      const secure = connectTls({ socket, rejectUnauthorized: false });
      await once(secure, 'secureConnect');
      return secure;
    }),
  );
  await until('they are strangers', async () => (await held('strangers')) === 3);
  for (const socket of sockets) socket.destroy();
  await until('nothing is left', async () => (await held('strangers')) === 0);
});
