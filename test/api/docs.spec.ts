/** What /docs serves, and what it costs: each document is made once, and only what the page needs is there. */
import { createHash } from 'node:crypto';
import type { Server } from 'node:https';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { setTimeout } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BOUNDS } from '../../apps/gateway/src/bounds.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { until } from '../support/until.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const BUNDLE = '/docs/swagger-ui-bundle.js';

describe('the documents', () => {
  test('are those that the page needs, and no other file of the package', async () => {
    const { text } = await gateway.request('/docs');
    const links = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = '']) => link);
    expect(links).toHaveLength(5);
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

  test('a file is that of the package', async () => {
    const { body } = await gateway.request(BUNDLE);
    const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    expect(hash(body)).toBe(hash(readFileSync('node_modules/swagger-ui-dist/swagger-ui-bundle.js')));
  });
});

test('of a large document that nobody reads, a few slices wait in memory', async () => {
  const served: TLSSocket[] = [];
  const server = gateway.app.getHttpServer() as Server;
  server.on('secureConnection', (socket) => served.push(socket));
  const { hostname, port } = new URL(gateway.url);
  const sockets = Array.from({ length: 5 }, () => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
    socket.pause().on('error', () => undefined);
    socket.write(`GET ${BUNDLE} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(20));
    return socket;
  });
  const waiting = (): number[] => served.map(({ writableLength }) => writableLength);
  await until('all wait', () => waiting().length === 5 && waiting().every((bytes) => bytes > 0));
  await setTimeout(500);
  expect(Math.max(...waiting())).toBeLessThan(100_000); // a bundle has 1.6 MB
  for (const socket of sockets) socket.destroy();
});

test('large documents that nobody reads are charged whole to strangers: a network has a few of them', async () => {
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
  const held = async (): Promise<number> =>
    (await gateway.metric('qrng_connection_bytes{room="strangers"}')) ?? NaN;
  await until('a document is under way', async () => (await held()) > length);
  await until(
    'those that are too many are closed',
    () => closed >= sockets.length - BOUNDS.networkBytes / length,
  );
  expect(await held()).toBeLessThanOrEqual(
    BOUNDS.networkBytes + 20 * (BOUNDS.connectionBytes + BOUNDS.tlsBytes),
  );
  for (const socket of sockets) socket.destroy();
});
