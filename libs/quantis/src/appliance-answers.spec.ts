/** What an appliance, or something in front of it, may answer in place of bytes: written to the socket as it stands. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { Server, TLSSocket } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createAuthority } from '../../../tools/certificates/authority.js';
import { ApplianceConnection } from './appliance-connection.js';
import { ApplianceSource } from './appliance-source.js';
import { TrustedConnector } from './trusted-connector.js';

const BYTES = 100;
const GOOD = Buffer.alloc(BYTES, 0xfe);
const directory = mkdtempSync(join(tmpdir(), 'answers-'));
const caFile = join(directory, 'ca.pem');
let server: Server;
let sockets: TLSSocket[];
/** How the first request is answered; the others are answered well. */
let answer: (socket: Socket) => void;
let source: ApplianceSource;

beforeAll(async () => {
  const authority = await createAuthority('throw-away');
  writeFileSync(caFile, authority.certificatePem);
  const pair = await authority.issue({ commonName: 'odd', hosts: ['127.0.0.1'] });
  server = createServer({ cert: pair.certificatePem, key: pair.keyPem }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => {
      answer(socket);
      answer = answerWell;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => {
  sockets = [];
  const { port } = server.address() as AddressInfo;
  source = new ApplianceSource({
    name: 'odd',
    url: `https://127.0.0.1:${port}/`,
    timeoutMs: 3000,
    caFile,
  });
});
afterEach(async () => {
  await source.close();
  for (const socket of sockets) socket.destroy();
});
afterAll(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

function answerWell(socket: Socket): void {
  socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${BYTES}\r\n\r\n`);
  socket.write(GOOD);
}

function raw(...parts: (string | Buffer)[]): (socket: Socket) => void {
  return (socket) =>
    void socket.write(Buffer.concat(parts.map((part) => Buffer.from(part as string, 'latin1'))));
}

const OK = 'HTTP/1.1 200 OK\r\n';
const LENGTH = `Content-Length: ${BYTES}\r\n`;
const CHUNKED = 'Transfer-Encoding: chunked\r\n';
const SIZE = BYTES.toString(16);

const taken: Record<string, (socket: Socket) => void> = {
  'with its length': raw(OK, LENGTH, '\r\n', GOOD),
  'in chunks': raw(
    `${OK}${CHUNKED}\r\n40\r\n`,
    GOOD.subarray(0, 64),
    '\r\n24\r\n',
    GOOD.subarray(64),
    '\r\n0\r\n\r\n',
  ),
  'in lower case': raw('HTTP/1.1 200 ok\r\n', LENGTH.toLowerCase(), '\r\n', GOOD),
  'without a reason phrase': raw('HTTP/1.1 200 \r\n', LENGTH, '\r\n', GOOD),
};

const refused: Record<string, (socket: Socket) => void> = {
  'an interim answer before it': raw('HTTP/1.1 100 Continue\r\n\r\n', OK, LENGTH, '\r\n', GOOD),
  'hints before it': raw('HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n', OK, LENGTH, '\r\n', GOOD),
  'another protocol': raw(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    GOOD,
  ),
  'a part of something': raw(OK, LENGTH, `Content-Range: bytes 0-${BYTES - 1}/200\r\n\r\n`, GOOD),
  'several parts': raw(OK, LENGTH, 'Content-Type: multipart/byteranges; boundary=x\r\n\r\n', GOOD),
  'an unknown coding': raw(OK, LENGTH, 'Content-Encoding: br\r\n\r\n', GOOD),
  'stacked codings': raw(OK, LENGTH, 'Content-Encoding: gzip, identity\r\n\r\n', GOOD),
  'two coding headers': raw(OK, LENGTH, 'Content-Encoding: identity\r\nContent-Encoding: gzip\r\n\r\n', GOOD),
  'an unknown transfer coding': raw(OK, 'Transfer-Encoding: gzip\r\n\r\n', GOOD),
  'stacked transfer codings': raw(
    OK,
    'Transfer-Encoding: gzip, chunked\r\n\r\n',
    SIZE,
    '\r\n',
    GOOD,
    '\r\n0\r\n\r\n',
  ),
  'chunked twice': raw(OK, CHUNKED, CHUNKED, '\r\n', SIZE, '\r\n', GOOD, '\r\n0\r\n\r\n'),
  'a length and chunks': raw(OK, LENGTH, CHUNKED, '\r\n', SIZE, '\r\n', GOOD, '\r\n0\r\n\r\n'),
  'two lengths': raw(OK, LENGTH, 'Content-Length: 99\r\n\r\n', GOOD),
  'the same length twice': raw(OK, LENGTH, LENGTH, '\r\n', GOOD),
  'a length with a sign': raw(OK, `Content-Length: +${BYTES}\r\n\r\n`, GOOD),
  'a length in hexadecimal': raw(OK, 'Content-Length: 0x64\r\n\r\n', GOOD),
  'a length with a zero before it': raw(OK, `Content-Length: 0${BYTES}\r\n\r\n`, GOOD),
  'another length': raw(OK, 'Content-Length: 101\r\n\r\n', GOOD, 'x'),
  'a body that is longer than its length': raw(OK, LENGTH, '\r\n', GOOD, 'garbage'),
  'another answer behind the body': raw(OK, LENGTH, '\r\n', GOOD, OK, LENGTH, '\r\n', GOOD),
  'lines that end with a line feed alone': raw('HTTP/1.1 200 OK\n', LENGTH.replace('\r', ''), '\n', GOOD),
  'one header that ends with a line feed alone': raw(OK, 'X: y\n', LENGTH, '\r\n', GOOD),
  'a header over two lines': raw(OK, 'X: y\r\n z\r\n', LENGTH, '\r\n', GOOD),
  'a space before a colon': raw(OK, `Content-Length : ${BYTES}\r\n\r\n`, GOOD),
  'a header without a name': raw(OK, ': x\r\n', LENGTH, '\r\n', GOOD),
  'a NUL in a header': raw(OK, 'X: a\0b\r\n', LENGTH, '\r\n', GOOD),
  'a carriage return in a header': raw(OK, 'X: a\rb\r\n', LENGTH, '\r\n', GOOD),
  'HTTP/2.0': raw('HTTP/2.0 200 OK\r\n', LENGTH, '\r\n', GOOD),
  'HTTP/0.9': raw(GOOD),
  'a status of two digits': raw('HTTP/1.1 20 OK\r\n', LENGTH, '\r\n', GOOD),
  'no content': raw('HTTP/1.1 204 No Content\r\n\r\n'),
  'what was not modified': raw('HTTP/1.1 304 Not Modified\r\n\r\n'),
  'a chunk that is longer than all': raw(OK, CHUNKED, '\r\nffffffff\r\n', GOOD),
  'a chunk of 2^64 bytes': raw(OK, CHUNKED, '\r\n10000000000000000\r\n', GOOD),
  'a chunk of a negative size': raw(OK, CHUNKED, '\r\n-64\r\n', GOOD),
  'a chunk without an end': raw(OK, CHUNKED, '\r\n', SIZE, '\r\n', GOOD, 'xx0\r\n\r\n'),
  'bytes behind a chunk': raw(OK, CHUNKED, '\r\n', SIZE, '\r\n', GOOD, 'xx\r\n0\r\n\r\n'),
  'bytes behind the last chunk': raw(OK, CHUNKED, '\r\n', SIZE, '\r\n', GOOD, '\r\n0\r\nxx\r\n'),
  'a trailer': raw(OK, CHUNKED, '\r\n', SIZE, '\r\n', GOOD, '\r\n0\r\nX: y\r\n\r\n'),
  'an endless chunk extension': endless(`${OK}${CHUNKED}\r\n${SIZE};`, 'x'.repeat(1000)),
  'endless trailers': endless(
    `${OK}${CHUNKED}\r\n${SIZE}\r\n${GOOD.toString('latin1')}\r\n0\r\n`,
    'X: y\r\n'.repeat(200),
  ),
  'endless zeros before a size': endless(`${OK}${CHUNKED}\r\n`, '0'.repeat(1000)),
  'endless headers': endless(OK, 'X: y\r\n'.repeat(200)),
  'an endless status line': endless('HTTP/1.1 200 ', 'x'.repeat(1000)),
  'endless empty lines before it': endless('', '\r\n'.repeat(500)),
  'nothing, and the end': (socket) => void socket.end(),
  'the end in the status line': (socket) => void socket.end('HTTP/1.1 2'),
  'the end in the headers': (socket) => void socket.end(OK + LENGTH),
  'the end in the body': (socket) =>
    void socket.end(Buffer.concat([Buffer.from(`${OK}${LENGTH}\r\n`), GOOD.subarray(1)])),
  'the end before the last chunk': (socket) =>
    void socket.end(Buffer.concat([Buffer.from(`${OK}${CHUNKED}\r\n${SIZE}\r\n`), GOOD])),
  'a body without a length that is too short': (socket) =>
    void socket.end(Buffer.concat([Buffer.from(`${OK}\r\n`), GOOD.subarray(1)])),
  'a body without a length that is too long': (socket) =>
    void socket.end(Buffer.concat([Buffer.from(`${OK}\r\n`), GOOD, GOOD])),
};

/** Writes `part` again and again for as long as somebody reads. */
function endless(start: string, part: string): (socket: Socket) => void {
  return (socket) => {
    socket.write(Buffer.from(start, 'latin1'));
    const more = (): void => {
      if (!socket.destroyed && socket.bytesWritten < 64 * 2 ** 20) socket.write(part, 'latin1', more);
    };
    more();
  };
}

describe('an answer is taken', () => {
  test.each(Object.entries(taken))('%s', async (_, reply) => {
    answer = reply;
    expect(await source.fetch(BYTES)).toEqual(GOOD);
    expect(await source.fetch(BYTES)).toEqual(GOOD);
    expect(sockets.length).toBe(1);
  });

  test('byte by byte', async () => {
    answer = (socket) => {
      const bytes = Buffer.concat([
        Buffer.from(`${OK}${CHUNKED}\r\n${SIZE};x=y\r\n`),
        GOOD,
        Buffer.from('\r\n0\r\n\r\n'),
      ]);
      const next = (at: number): void => {
        if (at < bytes.length) {
          socket.write(bytes.subarray(at, at + 1), () => setImmediate(() => next(at + 1)));
        }
      };
      next(0);
    };
    expect(await source.fetch(BYTES)).toEqual(GOOD);
  });

  test('that ends with the connection, when it has the length asked for', async () => {
    answer = (socket) => void socket.end(Buffer.concat([Buffer.from('HTTP/1.0 200 OK\r\n\r\n'), GOOD]));
    expect(await source.fetch(BYTES)).toEqual(GOOD);
    expect(await source.fetch(BYTES)).toEqual(GOOD);
    expect(sockets.length).toBe(2);
  });

  test('that says that the connection ends, which is not used again', async () => {
    answer = raw(OK, LENGTH, 'Connection: Close\r\n\r\n', GOOD);
    await source.fetch(BYTES);
    expect(await source.fetch(BYTES)).toEqual(GOOD);
    expect(sockets.length).toBe(2);
  });
});

describe('an answer is refused, soon and with little read, and the next one comes over another connection', () => {
  test.each(Object.entries(refused))('%s', async (_, reply) => {
    answer = reply;
    const error: unknown = await source.fetch(BYTES).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'SourceError' });
    expect(error).not.toHaveProperty('cause');
    expect(error).not.toMatchObject({ code: 'timeout' });
    expect(sockets[0]?.bytesWritten ?? 0).toBeLessThan(16 * 2 ** 20); // what the kernel's buffers hold
    expect(await source.fetch(BYTES)).toEqual(GOOD);
    expect(sockets.length).toBe(2);
  });
});

test('what comes after a whole answer ends the connection, and is no part of the next one', async () => {
  answer = answerWell;
  await source.fetch(BYTES);
  const [first] = sockets;
  const ended = new Promise((resolve) => first?.once('close', resolve));
  first?.write(Buffer.concat([Buffer.from(`${OK}${LENGTH}\r\n`), Buffer.alloc(BYTES, 0xab)]));
  await ended;
  expect(await source.fetch(BYTES)).toEqual(GOOD);
  expect(sockets.length).toBe(2);
});

test('a connection that stood idle for four seconds is not used again: what became of it may not show', async () => {
  answer = answerWell;
  const { port } = server.address() as AddressInfo;
  const connector = new TrustedConnector(new URL(`https://127.0.0.1:${port}/`), { caFile });
  const connection = await ApplianceConnection.open(connector, new AbortController().signal);
  await connection.get('/', BYTES);
  expect([connection.isUsable(0), connection.isUsable(performance.now() + 4000)]).toEqual([true, false]);
});

test('an answer that stands still at any of its bytes ends with the time for it', async () => {
  const whole = Buffer.concat([
    Buffer.from(`${OK}${CHUNKED}\r\n${SIZE}\r\n`),
    GOOD,
    Buffer.from('\r\n0\r\n\r\n'),
  ]);
  await source.close();
  let length = 0;
  const { port } = server.address() as AddressInfo;
  const stalled = Array.from(whole, () => {
    return new ApplianceSource({ name: 's', url: `https://127.0.0.1:${port}/`, timeoutMs: 1000, caFile });
  });
  const stall = (socket: Socket): void => {
    socket.write(whole.subarray(0, length++));
    process.nextTick(() => (answer = stall));
  };
  answer = stall;
  const ends = await Promise.all(
    stalled.map((each) => each.fetch(BYTES).catch((error: unknown) => (error as { code?: unknown }).code)),
  );
  for (const each of stalled) await each.close();
  expect(new Set(ends)).toEqual(new Set(['timeout']));
});
