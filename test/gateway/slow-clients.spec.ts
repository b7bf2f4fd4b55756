/** Slow, silent and fat clients, on real sockets: each is cut off at its bound, and others are served meanwhile. */
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGateway, testAuthority } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
let port: number;
let ca: string;

beforeAll(async () => {
  gateway = await startGateway();
  port = Number(new URL(gateway.url).port);
  ca = (await testAuthority()).certificatePem;
});
afterAll(() => gateway.close());

const PUSH = 'POST /push HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\n';

/** What the gateway says until it closes the connection. `drip` is sent byte by byte, one in 300 ms. */
async function conversation(socket: Socket, head: string, drip = ''): Promise<string> {
  let said = '';
  let at = 0;
  socket.on('data', (chunk: Buffer) => (said += chunk.toString()));
  socket.on('error', () => undefined); // a reset is one way of being cut off
  socket.write(head);
  const timer = setInterval(() => at < drip.length && socket.write(drip.charAt(at++)), 300);
  await new Promise((closed) => socket.once('close', closed));
  clearInterval(timer);
  return said;
}

async function tls(): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, ca });
  await new Promise((done) => socket.once('secureConnect', done));
  return socket;
}

describe('a slow client', () => {
  test('is cut off: dripped header, dripped body, silence, a handshake that never comes, a pause that is too long', async () => {
    const [header, body, silence, handshake, pause, fed] = await Promise.all([
      conversation(await tls(), 'GET /health/live HTTP/1.1\r\n', 'x-drip: '.repeat(50)),
      conversation(await tls(), `${PUSH}Content-Length: 4096\r\n\r\n`, 'Q'.repeat(200)),
      conversation(await tls(), ''),
      conversation(connectTcp(port, '127.0.0.1'), ''),
      conversation(await tls(), 'GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n'),
      gateway.request('/health/live'),
    ]);
    expect(header).toMatch(/^HTTP\/1\.1 408 /);
    expect(body).toMatch(/^HTTP\/1\.1 408 [^]*\r\n\r\n$/); // bare: nothing but a status comes back from /push
    expect(silence).toMatch(/^(HTTP\/1\.1 408 |$)/);
    expect(handshake).toBe('');
    expect(pause).toMatch(/^HTTP\/1\.1 200 /);
    expect(fed.status).toBe(200);
  });
});

test('what the parser or the router refuses is counted, as all other answers are', async () => {
  const counted = async (status: number): Promise<number> =>
    (await gateway.metric(
      `qrng_http_request_duration_seconds_count{route="unmatched",method="other",status="${status}"}`,
    )) ?? 0;
  const before = [await counted(400), await counted(431)];
  for (const head of [
    'nonsense',
    'GET /%zz HTTP/1.1\r\nHost: a\r\nConnection: close',
    `GET / HTTP/1.1\r\nx: ${'x'.repeat(9000)}`,
  ]) {
    await conversation(await tls(), `${head}\r\n\r\n`);
  }
  expect([await counted(400), await counted(431)]).toEqual([(before[0] ?? 0) + 2, (before[1] ?? 0) + 1]);
});

describe('a push that cannot be a packet', () => {
  // The body is never sent: an answer proves that nothing waited for it.
  test.each([
    ['no Content-Length', PUSH, 400],
    ['a chunked body', `${PUSH}Transfer-Encoding: chunked\r\n`, 411],
    ['fewer bytes than any packet', `${PUSH}Content-Length: 95\r\n`, 400],
    ['more bytes than any packet', `${PUSH}Content-Length: 1048673\r\n`, 413],
    ['another content type', 'POST /push HTTP/1.1\r\nHost: a\r\nContent-Length: 200\r\n', 415],
  ])('is answered before its body is read: %s', async (_, head, status) => {
    const socket = await tls();
    const answer = await new Promise<Buffer>((done) => {
      socket.once('data', done);
      socket.write(`${head}\r\n`);
    });
    expect(answer.toString()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*\r\n\r\n$`));
    socket.destroy();
  });
});

describe('a fat or ambiguous request', () => {
  test.each([
    ['a header above 8 KiB', `GET / HTTP/1.1\r\nHost: a\r\nx: ${'x'.repeat(9000)}\r\n`, 431],
    ['two Host fields', 'GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\n', 400],
    [
      'two Authorization fields',
      'GET /api/random HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\nauthorization: Bearer b\r\n',
      401,
    ],
    ['a body where none is read', 'GET /api/random HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n', 401],
  ])('is refused as a problem: %s', async (_, head, status) => {
    const socket = await tls();
    const said = await conversation(socket, `${head}Connection: close\r\n\r\n`);
    expect(said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*application/problem\\+json`));
  });
});
