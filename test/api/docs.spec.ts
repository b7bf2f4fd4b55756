/** What /docs serves, and what it costs: each document is made once, and only what the page needs is there. */
import type { Server } from 'node:https';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { setTimeout } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Agent } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BOUNDS } from '../../apps/gateway/src/bounds.js';
import { TestKeys } from '../support/api-keys.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { until } from '../support/until.js';

const keys = new TestKeys({ bad: {} });

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ QRNG_API_KEYS_FILE: keys.path });
});
afterAll(() => gateway.close());

const BUNDLE = '/docs/swagger-ui-bundle.js';
const CONNECTION = BOUNDS.connectionBytes + BOUNDS.tlsBytes;

const held = async (room = 'strangers'): Promise<number> =>
  (await gateway.metric(`qrng_connection_bytes{room="${room}"}`)) ?? NaN;

describe('the documents', () => {
  test('are those that the page needs, and no other file of the package', async () => {
    const { text } = await gateway.request('/docs');
    const links = [...text.matchAll(/(?:src|href)="(\/[^"]*)"/g)].map(([, link = '']) => link);
    expect(links).toHaveLength(7);
    for (const link of links) expect([link, (await gateway.request(link)).status]).toEqual([link, 200]);
    for (const name of [
      'package.json',
      'swagger-ui-bundle.js.map',
      'index.html',
      'swagger-ui.js',
      'LICENSE',
    ]) {
      expect([name, (await gateway.request(`/docs/${name}`)).status]).toEqual([name, 404]);
    }
    expect((await gateway.request('/docs/..%2f..%2fpackage.json')).status).toBe(401);
  });

  test.each(['/docs', '/docs/', '/docs-json', '/docs-yaml', BUNDLE, '/docs/swagger-ui.css'])(
    '%s says its length, to HEAD as well',
    async (path) => {
      const { headers, body } = await gateway.request(path);
      expect(headers['content-length']).toBe(String(body.length));
      const head = await gateway.request(path, { method: 'HEAD' });
      expect([head.status, head.headers['content-length']]).toEqual([200, String(body.length)]);
      expect(head.headers['content-type']).toBe(headers['content-type']);
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['content-security-policy']).toContain("default-src 'none'");
    },
  );

  test.each([
    ['gzip, deflate, br, zstd', true],
    ['br, GZip;q=0.5', true],
    ['x-gzip', true],
    ['gzip;q=0, br', false],
    ['gzip;q=0.000', false],
    ['gzipped', false],
    ['*', false],
    ['', false],
  ])(
    'a file is that of the package, compressed where the client accepts it: "%s"',
    async (codings, isSmall) => {
      const headers = { 'accept-encoding': codings };
      const answer = await gateway.request(BUNDLE, { headers });
      const { body } = answer;
      const file = readFileSync('node_modules/swagger-ui-dist/swagger-ui-bundle.js');
      expect((isSmall ? gunzipSync(body) : body).equals(file)).toBe(true);
      expect([answer.headers['content-encoding'], body.length < file.length / 3]).toEqual(
        isSmall ? ['gzip', true] : [undefined, false],
      );
      const head = await gateway.request(BUNDLE, { method: 'HEAD', headers });
      for (const { headers: said } of [answer, head]) {
        expect([said['content-length'], said['vary']]).toEqual([String(body.length), 'Accept-Encoding']);
      }
    },
  );
});

test('HEAD of a large document costs no more than its connection', async () => {
  await until('what was read before is no cost any more', async () => (await held()) < 10 * CONNECTION);
  for (let i = 0; i < 5; i++) {
    await gateway.request(BUNDLE, { method: 'HEAD' });
    expect(await held()).toBeLessThan(10 * CONNECTION);
  }
});

test('of a large document that nobody reads, a few slices wait in memory', async () => {
  const served: TLSSocket[] = [];
  const server = gateway.app.getHttpServer() as Server;
  server.on('secureConnection', (socket) => served.push(socket));
  const { hostname, port } = new URL(gateway.url);
  const sockets = Array.from({ length: 5 }, (_, at) => {
    const address = { host: hostname, port: Number(port), localAddress: `127.0.4${at}.1` }; // a network each
    const socket = connect({ ...address, rejectUnauthorized: false });
    socket.pause().on('error', () => undefined);
    socket.write(`GET ${BUNDLE} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(20));
    return socket;
  });
  const waiting = (): number[] => served.map(({ writableLength }) => writableLength);
  await until('all wait', () => waiting().length === 5 && waiting().every((bytes) => bytes > 0));
  await setTimeout(500);
  expect(Math.max(...waiting())).toBeLessThan(100_000); // a bundle has 1.6 MB
  for (const socket of sockets) socket.destroy();
  await until('nothing is left', () => served.every(({ destroyed }) => destroyed));
});

test('large documents that nobody reads are charged whole to strangers: a network has a few of them', async () => {
  await gateway.get('/api/usage'); // the connection that metrics come on is no stranger's
  const { hostname, port } = new URL(gateway.url);
  const length = readFileSync('node_modules/swagger-ui-dist/swagger-ui-bundle.js').length;
  let closed = 0;
  // On this side: a client that reads nothing may not see that its connection is closed.
  const server = gateway.app.getHttpServer() as Server;
  server.on('connection', (socket: Socket) => {
    if (socket.remoteAddress === '127.0.5.1') socket.once('close', () => closed++);
  });
  const sockets = Array.from({ length: 20 }, () => {
    const address = { host: hostname, port: Number(port), localAddress: '127.0.5.1' };
    const tcp = connectTcp(address);
    const socket = connect({ socket: tcp, rejectUnauthorized: false });
    for (const one of [tcp, socket]) one.on('error', () => undefined);
    // Ten: all of one may fit into the kernel's buffers.
    const requests = `GET ${BUNDLE} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(10);
    socket.once('secureConnect', () => socket.pause().write(requests));
    return tcp;
  });
  await until('a document is under way', async () => (await held()) > length);
  await until(
    'those that are too many are closed',
    () => closed >= sockets.length - BOUNDS.networkBytes / length,
  );
  expect(await held()).toBeLessThanOrEqual(BOUNDS.networkBytes + 20 * CONNECTION);
  for (const socket of sockets) socket.destroy();
});

/** Bytes that the kernel holds for connections of `address`, or of all that begin so, to the gateway, those that are closed included (proc_net_tcp(5)). */
function unreadOf(address: string): number {
  const hex = (bytes: number[]): string => Buffer.from(bytes).toString('hex').toUpperCase();
  const remote = hex(address.split('.').filter(Boolean).map(Number).reverse());
  const port = Number(new URL(gateway.url).port);
  const local = hex([port >> 8, port & 0xff]);
  return readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, from = '', to = '']) => from.endsWith(`:${local}`) && to.split(':')[0]?.endsWith(remote))
    .reduce((sum, [, , , , queues = '']) => sum + parseInt(queues, 16), 0);
}

describe('a large document that nobody reads, although the kernel took all of it,', () => {
  const visit = async (address: string, field: string, first = ''): Promise<Socket> => {
    const { hostname, port } = new URL(gateway.url);
    const tcp = connectTcp({ host: hostname, port: Number(port), localAddress: address });
    const socket = connect({ socket: tcp, rejectUnauthorized: false });
    for (const one of [tcp, socket]) one.on('error', () => undefined);
    socket.once('close', () => tcp.destroy());
    await new Promise((done) => socket.once('secureConnect', done).once('close', done));
    socket.pause().write(`${first}GET ${BUNDLE} HTTP/1.1\r\nHost: a\r\n${field}\r\n`);
    return tcp;
  };

  test.each([
    ['stays open', '127.0.6.1', ''],
    ['is to be closed', '127.0.6.2', 'Connection: close\r\n'],
  ])('costs its network as much when its connection %s', async (_, address, field) => {
    const sockets: Socket[] = [];
    for (let i = 0; i < 30; i++) sockets.push(await visit(address, field));
    await until('the kernel holds some', () => unreadOf(address) > 0);
    await until('and no more than it may', () => unreadOf(address) <= BOUNDS.networkBytes);
    for (const socket of sockets) socket.destroy();
    await until('nothing is left', () => unreadOf(address) === 0);
  });

  test('costs those who have shown a key as much as the kernel holds, and is gone with the connection', async () => {
    const { authorization } = keys.bearer('bad');
    const first = `GET /api/usage HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\n\r\n`;
    const sockets: Socket[] = [];
    for (let i = 1; i <= 5; i++) sockets.push(await visit(`127.0.7.${i}`, '', first));
    const charged = async (): Promise<number> => (await held('known')) - 7 * CONNECTION; // ours, too
    await until('the kernel holds some, all charged', async () => {
      const [cost, unread] = [await charged(), unreadOf('127.0.7.')];
      return unread > 500_000 && cost > 0.8 * unread;
    });
    for (const socket of sockets) socket.destroy();
    await until('nothing is left', async () => unreadOf('127.0.7.') === 0 && (await charged()) <= 0);
  });

  test('is no cost any more once it was read: people behind one address load the page one after the other', async () => {
    const { hostname, port } = new URL(gateway.url);
    const connect = {
      host: hostname,
      port: Number(port),
      localAddress: '127.0.8.1',
      rejectUnauthorized: false,
    };
    const people = Array.from({ length: 8 }, () => new Agent({ connect }));
    const length = readFileSync('node_modules/swagger-ui-dist/swagger-ui-bundle.js').length;
    expect(people.length * length).toBeGreaterThan(BOUNDS.networkBytes); // unread, they would be too much
    for (const dispatcher of people) {
      expect((await gateway.request(BUNDLE, { dispatcher })).body).toHaveLength(length);
    }
    await until(
      'their connections are all that it costs',
      async () => (await held()) <= people.length * CONNECTION,
    );
    for (const agent of people) await agent.destroy();
  });

  test('goes when its client says that it sends no more', async () => {
    const socket = await visit('127.0.6.3', '');
    await until('the kernel holds some', () => unreadOf('127.0.6.3') > 0);
    socket.end();
    await until('nothing is left', () => unreadOf('127.0.6.3') === 0);
    socket.destroy();
  });
});
