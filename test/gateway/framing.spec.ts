/** Requests that a proxy before the gateway may read differently, or that only a tunnel wants: each gets an answer of ours. */
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Visitor } from '../support/crowd.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { rawRequest } from '../support/raw-request.js';
import { until } from '../support/until.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const LIVE = 'GET /health/live HTTP/1.1';

describe('Host', () => {
  test.each([
    'a',
    'a.example:7764',
    'a_b',
    'A%41',
    '192.0.2.1:80',
    '[2001:db8::1]',
    '[::1]:7764',
    'a:',
    '',
    "!$&'()*+,;=~",
  ])('"%s" is a host', async (host) => {
    expect((await rawRequest(gateway, [LIVE, `Host: ${host}`])).status).toBe(200);
  });

  test.each([
    'a b',
    'a/b',
    'u@a',
    'a:b',
    '[::1',
    '[::1]x',
    '[a]',
    '[]',
    'a,b c',
    'ä',
    'a%4',
    'a:123456',
    'a?b',
  ])('"%s" is none: 400', async (host) => {
    expect((await rawRequest(gateway, [LIVE, `Host: ${host}`])).status).toBe(400);
  });

  test.each([
    ['none', [LIVE]],
    ['two', [LIVE, 'Host: a', 'host: a']],
  ])('%s is refused', async (_, lines) => expect((await rawRequest(gateway, lines)).status).toBe(400));
});

describe('Transfer-Encoding', () => {
  const over = (version: string, ...fields: string[]): Promise<{ status: number }> =>
    rawRequest(gateway, [`GET /health/live HTTP/${version}`, 'Host: a', ...fields]);

  test.each(['chunked', 'Chunked'])('%s is taken', async (coding) => {
    expect((await over('1.1', `Transfer-Encoding: ${coding}`)).status).toBe(200);
  });

  test.each([
    ['twice', ['Transfer-Encoding: chunked', 'transfer-encoding: chunked']],
    ['in two fields that are one list', ['Transfer-Encoding: gzip', 'Transfer-Encoding: chunked']],
    ['of another coding first', ['Transfer-Encoding: gzip, chunked']],
    ['of another coding', ['Transfer-Encoding: gzip']],
    ['beside a length', ['Transfer-Encoding: chunked', 'Content-Length: 0']],
    ['with something before its name', ['Transfer-Encoding: xchunked']],
    ['empty', ['Transfer-Encoding:']],
  ])('%s is refused', async (_, fields) => expect((await over('1.1', ...fields)).status).toBe(400));

  test('over HTTP/1.0 is refused', async () => {
    expect((await over('1.0', 'Transfer-Encoding: chunked')).status).toBe(400);
  });

  test('of a push is answered bare: it needs a length', async () => {
    const type = 'Content-Type: application/octet-stream';
    for (const [field, status] of [
      ['Transfer-Encoding: chunked', 411],
      ['Transfer-Encoding: gzip, chunked', 400],
    ]) {
      const answer = await rawRequest(gateway, ['POST /push HTTP/1.1', 'Host: a', type, String(field)]);
      expect(answer).toMatchObject({ status, body: '' });
    }
  });
});

/** What comes back for these bytes, sent together, until the connection ends. */
async function answersTo(...parts: (string | Buffer)[]): Promise<Visitor> {
  const visitor = await Visitor.come(gateway.url, '127.0.0.1');
  visitor.socket.write(
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))),
  );
  await until('an end', () => visitor.isClosed);
  return visitor;
}

const NEXT = `${LIVE}\r\nHost: a\r\n\r\n`;

describe('after a request whose end somebody else may see elsewhere nothing more is read: one answer, 400, and the end', () => {
  test.each([
    ['a length and a coding', 'Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n'],
    ['an empty member before the coding', 'Transfer-Encoding: ,chunked', '0\r\n\r\n'],
    ['an empty member after it', 'Transfer-Encoding: chunked,', '0\r\n\r\n'],
    ['a space before the colon', 'Transfer-Encoding : chunked', '0\r\n\r\n'],
    ['a coding in the next line', 'Transfer-Encoding:\r\n chunked', '0\r\n\r\n'],
    ['a coding after a bare line feed', 'X: a\nTransfer-Encoding: chunked', '0\r\n\r\n'],
    ['a coding after a bare carriage return', 'X: a\rTransfer-Encoding: chunked', '0\r\n\r\n'],
    ['a coding with NUL', 'Transfer-Encoding: chunked\0', '0\r\n\r\n'],
    ['two equal lengths', 'Content-Length: 5\r\nContent-Length: 5', '12345'],
    ['a list of lengths', 'Content-Length: 5, 5', '12345'],
    ['a length with a sign', 'Content-Length: +5', '12345'],
    ['a hexadecimal length', 'Content-Length: 0x5', '12345'],
    ['a length of 2^64 and 5', 'Content-Length: 18446744073709551621', '12345'],
    ['two hosts', 'Host: b', ''],
    ['a chunk with a sign', 'Transfer-Encoding: chunked', '+5\r\n12345\r\n0\r\n\r\n'],
    ['a chunk of 2^64 and 5', 'Transfer-Encoding: chunked', '10000000000000005\r\n12345\r\n0\r\n\r\n'],
    ['a chunk after a bare line feed', 'Transfer-Encoding: chunked', '5\n12345\r\n0\r\n\r\n'],
    ['a chunk longer than it says', 'Transfer-Encoding: chunked', '4\r\n12345\r\n0\r\n\r\n'],
    ['a trailer with a length', 'Transfer-Encoding: chunked', '0\r\nContent-Length: 5\r\n\r\n'],
    ['a folded trailer', 'Transfer-Encoding: chunked', '0\r\nX: a\r\n b\r\n\r\n'],
  ])('%s', async (_, fields, body) => {
    const head = `Host: a\r\nAuthorization: Bearer ${gateway.apiKey}\r\nContent-Type: application/json\r\n${fields}\r\n\r\n`;
    const { statuses } = await answersTo(`POST /v1/entropy HTTP/1.1\r\n${head}`, body, NEXT);
    expect(statuses).toEqual([400]);
  });

  test('of a push is as bare as ever', async () => {
    const fields = 'Host: a\r\nTransfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n';
    const { statuses, said } = await answersTo(`POST /push HTTP/1.1\r\n${fields}`, NEXT);
    expect(statuses).toEqual([400]);
    expect(said).toMatch(/\r\nconnection: close\r\n/i);
    expect(said).toMatch(/\r\n\r\n$/);
  });
});

describe('what comes after a whole request and is none ends the connection once that is answered', () => {
  test.each([
    ['no HTTP', '', 'nonsense\r\n\r\n'],
    ['a request after one that is the last', 'Connection: close\r\n', NEXT],
    ['the body of a request that had none', '', '12345'],
  ])('%s', async (_, field, rest) => {
    await gateway.fill(1000);
    const before = (await gateway.metric('qrng_pool_bytes')) ?? NaN;
    const head = `Host: a\r\nAuthorization: Bearer ${gateway.apiKey}\r\n${field}\r\n`;
    const { statuses, said } = await answersTo(`GET /api/random?bytes=32 HTTP/1.1\r\n${head}`, rest);
    expect(statuses).toEqual([200]);
    expect(said).toMatch(/\r\n\r\n[0-9a-f]{64}$/);
    expect(await gateway.metric('qrng_pool_bytes')).toBe(before - 32);
  });

  test('over HTTP/1.0, a second request', async () => {
    expect((await answersTo('GET /health/live HTTP/1.0\r\n\r\n'.repeat(2))).statuses).toEqual([200]);
  });
});

test.each([
  'GET *',
  'GET *x',
  'OPTIONS *',
  'POST *push',
  'GET *%zz',
  'GET /a*b',
  'PUT /api/*',
  'GET /a:b(((',
  'GET /:a(x',
])('%s is none of our paths: refused like any other, with the fields of every answer', async (line) => {
  const { status, head, body } = await rawRequest(gateway, [`${line} HTTP/1.1`, 'Host: a']);
  expect([401, 404, 400]).toContain(status);
  expect(head).toMatch(/^cache-control: no-store$/im);
  expect(head).toMatch(/^x-request-id: /im);
  expect(JSON.parse(body)).toMatchObject({ status, requestId: expect.any(String) });
});

describe('CONNECT', () => {
  test.each(['a.example:443', '127.0.0.1:7764', '/push', '/api/random'])(
    'to %s is answered 405, counted, and ends the connection',
    async (target) => {
      const counted = (): Promise<number | undefined> =>
        gateway.metric(
          'qrng_http_request_duration_seconds_count{route="unmatched",method="other",status="405"}',
        );
      const before = (await counted()) ?? 0;
      const answer = await rawRequest(gateway, [`CONNECT ${target} HTTP/1.1`, 'Host: a']);
      expect(answer.status).toBe(405);
      expect(answer.head).toMatch(/^connection: close$/im);
      expect(answer.head).toMatch(/^allow: GET, HEAD, POST$/im);
      expect(JSON.parse(answer.body)).toMatchObject({ type: 'urn:qrng-dd:problem:method-not-allowed' });
      expect(await counted()).toBe(before + 1);
    },
  );
});

test('CONNECT behind a request that has no answer yet ends the connection, and nothing else', async () => {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
  socket.resume().on('error', () => undefined);
  socket.write(`${LIVE}\r\nHost: a\r\n\r\nCONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n`);
  await new Promise((closed) => socket.once('close', closed));
  expect((await rawRequest(gateway, [LIVE, 'Host: a'])).status).toBe(200);
});

describe('HTTP/1.0', () => {
  const ask = (path: string): Promise<{ status: number; head: string; body: string }> =>
    rawRequest(gateway, [`GET ${path} HTTP/1.0`, `Authorization: Bearer ${gateway.apiKey}`]);

  test('gets answers whose length is known', async () => {
    await gateway.fill(1000);
    const { status, head, body } = await ask('/api/random?bytes=32');
    expect([status, body.length]).toEqual([200, 64]);
    expect(head).toMatch(/^content-length: 64$/im);
    expect((await ask('/docs/swagger-ui-bundle.js')).status).toBe(200);
  });

  test('gets no stream, which would look whole when it is cut, and nothing is taken', async () => {
    const before = await gateway.metric('qrng_pool_bytes');
    expect(before).toBeGreaterThan(100);
    const { status, body } = await ask('/api/stream?bytes=100');
    expect(status).toBe(505);
    expect(JSON.parse(body)).toMatchObject({ type: 'urn:qrng-dd:problem:http-version-not-supported' });
    expect(await gateway.metric('qrng_pool_bytes')).toBe(before);
    expect((await ask('/api/stream?bytes=0')).status).toBe(400);
  });
});
