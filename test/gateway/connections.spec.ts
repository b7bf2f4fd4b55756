/** What one client may hold, on real sockets: others are served meanwhile, and nothing is left of it afterwards. */
import { randomBytes } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MAX_PACKET_BYTES } from '#libs/crypto';
import { BOUNDS } from '../../apps/gateway/src/bounds.js';
import { Visitor } from '../support/crowd.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { until } from '../support/until.js';

const LIVE = 'GET /health/live HTTP/1.1\r\nHost: a';
const OCTETS = 'Content-Type: application/octet-stream';
const A_CONNECTION = BOUNDS.connectionBytes + BOUNDS.tlsBytes;
/** What the connections of the test itself can take. */
const OURS = 4 * A_CONNECTION;
/** Connections that one network can have. */
const OF_NETWORK = Math.floor(BOUNDS.networkBytes / A_CONNECTION);

let gateway: TestGateway;
let visitors: Visitor[];
beforeEach(async () => {
  gateway = await startGateway();
  await gateway.get('/api/usage'); // the connection that metrics come on is no stranger's
  visitors = [];
});
afterEach(async () => {
  for (const visitor of visitors) visitor.leave();
  await gateway.close();
});

async function come(source: string): Promise<Visitor> {
  const visitor = await Visitor.come(gateway.url, source);
  visitors.push(visitor);
  return visitor;
}

async function crowd(source: string, count: number): Promise<Visitor[]> {
  const crowd = await Visitor.crowd(gateway.url, source, count);
  visitors.push(...crowd);
  return crowd;
}

const push = (bytes: number, key = ''): string =>
  `POST /push${key} HTTP/1.1\r\nHost: a\r\n${OCTETS}\r\nContent-Length: ${bytes}`;

const held = async (room: string): Promise<number> =>
  (await gateway.metric(`qrng_connection_bytes{room="${room}"}`)) ?? NaN;

async function served(visitor: Visitor): Promise<void> {
  const before = visitor.statuses.length;
  visitor.send(LIVE);
  await until('an answer', () => visitor.statuses.length > before || visitor.isClosed);
  expect(visitor.statuses.at(-1)).toBe(200);
}

describe('a network full of connections', () => {
  test('has an eighth of the room; a neighbour and a stranger get in, and a key gets out of the crowd', async () => {
    expect(BOUNDS.networkBytes * 8).toBe(BOUNDS.strangersBytes);
    const many = await crowd('127.0.1.1', OF_NETWORK + 20);
    await until('some are closed', () => many.filter(({ isClosed }) => isClosed).length >= 20);
    expect(await held('strangers')).toBeLessThanOrEqual(BOUNDS.networkBytes + OURS);
    await served(await come('127.0.2.1')); // of another network
    await served(await come('127.0.1.2')); // of the same
    const client = await come('127.0.1.2');
    client.send(`GET /api/usage HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${gateway.apiKey}`);
    await until('it is known', async () => (await held('known')) >= A_CONNECTION);
    for (const visitor of visitors.splice(0)) visitor.leave();
    await until('nothing is left', async () => (await held('strangers')) <= OURS);
  }, 60_000);

  test('of sockets without a handshake loses them when others come, and after five seconds', async () => {
    const { port } = new URL(gateway.url);
    let closed = 0;
    for (let i = 0; i < OF_NETWORK + 50; i++) {
      const socket = connectTcp({ port: Number(port), host: '127.0.0.1', localAddress: '127.0.1.1' });
      socket.resume().on('error', () => undefined);
      socket.once('close', () => closed++);
    }
    await until('those that are too many wait, or are gone', async () => (await held('strangers')) > 0);
    expect(await held('strangers')).toBeLessThanOrEqual(BOUNDS.networkBytes + OURS);
    await served(await come('127.0.1.2'));
    await served(await come('127.0.2.1'));
    await until('all are closed', () => closed === OF_NETWORK + 50);
  }, 60_000);
});

test('connections are refused by the process when it has as many as it can hold', async () => {
  const server = gateway.app.getHttpServer() as { maxConnections: number };
  expect(server.maxConnections).toBe(BOUNDS.sockets);
  const visitor = await come('127.0.1.1');
  server.maxConnections = 1;
  const refused = await come('127.0.1.1');
  await until('it is closed', () => refused.isClosed);
  await served(visitor);
});

describe('pushes', () => {
  test('that were promised and not sent keep nobody out', async () => {
    for (const visitor of await crowd('127.0.1.1', 100)) visitor.send(push(MAX_PACKET_BYTES));
    const packet = gateway.collector.seal(randomBytes(1000));
    const collector = await come('127.0.1.2');
    collector.send(push(packet.length), packet);
    await until('an answer', () => collector.statuses.length > 0);
    expect(collector.statuses).toEqual([204]);
  }, 60_000);

  test('that were sent but for the last byte hold no more than their network may, and keep nobody out', async () => {
    const almost = Buffer.alloc(MAX_PACKET_BYTES - 1);
    for (const visitor of await crowd('127.0.1.1', 20)) visitor.send(push(MAX_PACKET_BYTES), almost);
    await until('the room is full', async () => (await held('strangers')) > BOUNDS.networkBytes / 2);
    for (let i = 0; i < 5; i++) {
      expect(await held('strangers')).toBeLessThanOrEqual(BOUNDS.networkBytes + OURS);
    }
    for (const source of ['127.0.1.2', '127.0.2.1']) {
      const packet = gateway.collector.seal(randomBytes(100_000));
      const collector = await come(source);
      collector.send(push(packet.length), packet);
      await until('an answer', () => collector.statuses.length > 0);
      expect([source, ...collector.statuses]).toEqual([source, 204]);
    }
    await until('what is too slow is gone', async () => (await held('strangers')) < MAX_PACKET_BYTES);
  }, 60_000);

  test('that come too slowly are answered 408, bare, and end their connection', async () => {
    const visitor = await come('127.0.1.1');
    visitor.send(push(200), 'QRNG');
    await until('an end', () => visitor.isClosed);
    expect(visitor.said).toMatch(/^HTTP\/1\.1 408 [^]*connection: close\r\n[^]*\r\n\r\n$/i);
  });
});

describe('one connection', () => {
  /** The answers to `count` requests and some, sent in groups, until the connection ends. */
  async function answersTo(count: number, group: number): Promise<Visitor> {
    const visitor = await come('127.0.1.1');
    for (let sent = group; !visitor.isClosed && sent < count + 2 * group; sent += group) {
      visitor.socket.write(`${LIVE}\r\n\r\n`.repeat(group));
      await until('the answers', () => visitor.statuses.length === sent || visitor.isClosed);
    }
    await until('an end', () => visitor.isClosed);
    return visitor;
  }

  test('gets an answer to each of 1000 requests, and the last one says so', async () => {
    const visitor = await answersTo(1000, 50);
    expect(visitor.statuses).toEqual(Array(1000).fill(200));
    expect(visitor.said.match(/connection: close/gi)).toHaveLength(1);
  }, 60_000);

  test('gets an answer to each request that it sent together with the 1000th', async () => {
    const visitor = await answersTo(1000, 9);
    expect(visitor.statuses).toEqual(Array(1008).fill(200));
    expect(visitor.said.match(/connection: close/gi)).toHaveLength(1);
  }, 60_000);

  test('is asked for its answers one after the other, in their order', async () => {
    const visitor = await come('127.0.1.1');
    visitor.socket.write(
      ['/health/live', '/nothing', '/api/random', '/docs-json']
        .map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
        .join(''),
    );
    await until('four answers', () => visitor.statuses.length === 4);
    expect(visitor.statuses).toEqual([200, 404, 401, 200]);
  });

  test('that asks for a tunnel behind another request is closed', async () => {
    const visitor = await come('127.0.1.1');
    visitor.socket.write(`${LIVE}\r\n\r\nCONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n`);
    await until('an end', () => visitor.isClosed);
    await served(await come('127.0.1.1'));
  });
});
