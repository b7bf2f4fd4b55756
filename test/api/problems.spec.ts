import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PROBLEMS } from '../../apps/gateway/src/problem/api-error.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { rawRequest } from '../support/raw-request.js';
import { until } from '../support/until.js';

const OCTETS = 'Content-Type: application/octet-stream';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

/** Checks that an answer is a problem and not to be cached, and returns it. */
function problem(status: number, headers: Record<string, unknown>, body: string): Record<string, unknown> {
  expect(headers).toMatchObject({
    'content-type': 'application/problem+json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  const told = JSON.parse(body) as Record<string, unknown>;
  const code = String(told['type']).replace('urn:qrng-dd:problem:', '');
  const { title } = PROBLEMS[code as keyof typeof PROBLEMS];
  expect(told).toMatchObject({
    status,
    title,
    detail: expect.any(String),
    requestId: headers['x-request-id'],
  });
  return told;
}

test.each([
  [400, '/api/random?bytes=0', {}],
  [401, '/api/random', { authorization: 'Bearer nonsense' }],
  [404, '/api/nothing', {}],
  [404, '/nothing', {}],
  [404, '/docs/nothing', {}],
  [404, '/docs/%2e%2e/package.json', {}],
  [404, '/docs/..%5cx', {}],
  [404, '/docs/%00', {}],
  [405, '/push', {}],
  [412, '/api/random', { 'if-match': '"x"' }],
  [416, '/api/random', { range: 'bytes=0-1' }],
  [503, '/api/random', {}],
] as const)('%i is a problem: %s', async (status, path, headers) => {
  const answer = await gateway.get(path, headers);
  expect(answer.status).toBe(status);
  problem(status, answer.headers, answer.text);
});

describe('what Node and the router find themselves is a problem too', () => {
  const auth = () => `Authorization: Bearer ${gateway.apiKey}`;

  test.each([
    ['a path that cannot be decoded', 400, ['GET /api/%zz HTTP/1.1', 'Host: x']],
    ['a head that is no HTTP', 400, ['nonsense']],
    ['a header name with a space', 400, ['GET /api/random HTTP/1.1', 'Host: x', 'a b: c']],
    ['no Host', 400, ['GET /api/random HTTP/1.1']],
    ['no version', 400, ['GET /api/random', 'Host: x']],
    ['another version', 400, ['GET /api/random HTTP/2.0', 'Host: x']],
    ['two lengths', 400, ['GET /health HTTP/1.1', 'Host: x', 'Content-Length: 1', 'Content-Length: 2']],
    ['8 KiB of header', 431, ['GET /api/random HTTP/1.1', 'Host: x', `X-Large: ${'x'.repeat(9000)}`]],
    ['8 KiB of path', 431, [`GET /api/random?alphabet=${'x'.repeat(9000)} HTTP/1.1`, 'Host: x']],
  ])('%s', async (_, status, lines) => {
    const answer = await rawRequest(gateway, [...lines, auth()]);
    expect(answer.status).toBe(status);
    problem(status, fieldsOf(answer.head), answer.body);
  });

  test('a head that does not arrive in time', async () => {
    const answer = await rawRequest(gateway, ['GET /api/random HTTP/1.1', 'Host: x'], { unfinished: true });
    expect(answer.status).toBe(408);
    problem(408, fieldsOf(answer.head), answer.body);
  });
});

test('HTTP/1.0 needs no Host', async () => {
  expect((await rawRequest(gateway, ['GET /health/live HTTP/1.0'])).status).toBe(200);
});

describe('an expectation that HTTP does not know', () => {
  test('changes nothing about an answer', async () => {
    const { status, head, body } = await rawRequest(gateway, [
      ...['GET /api/random HTTP/1.1', 'Host: x', 'Expect: foo'],
    ]);
    expect(status).toBe(401);
    problem(401, fieldsOf(head), body);
  });

  test('nor about one to a push', async () => {
    const answer = await rawRequest(gateway, [
      'POST /push HTTP/1.1',
      'Host: x',
      'Expect: foo',
      'Content-Length: 0',
    ]);
    expect(answer).toMatchObject({ status: 415, body: '' });
  });
});

test.each([
  ['a push', 'POST /push HTTP/1.1', 415],
  ['any other request', 'GET /api/random HTTP/1.1', 401],
])(
  '%s that had begun to arrive when the gateway was asked to stop is answered like all others',
  async (_, start, status) => {
    const stopping = await startGateway();
    const accepted = once(stopping.app.getHttpServer(), 'secureConnection');
    const socket = connect({ port: Number(new URL(stopping.url).port), rejectUnauthorized: false });
    const begun = `${start}\r\nHost: x\r\n`;
    socket.write(begun);
    const [connection] = (await accepted) as [TLSSocket];
    await until('it has begun to arrive', () => connection.bytesRead === begun.length);
    const closed = stopping.app.close();
    await setTimeout(200);
    socket.write('\r\n');
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
    await closed;
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toMatch(/^connection: close$/im);
    if (status === 415) expect(body).toBe('');
    else problem(status, fieldsOf(head), body);
  },
);

test('a defect is answered 500, and the answer says nothing of it', async () => {
  const broken = await startGateway();
  try {
    const { EntropyService } = await import('../../apps/gateway/src/pool/entropy.service.js');
    broken.app.get(EntropyService).level = () => {
      throw new Error('a secret of the implementation');
    };
    const answer = await broken.get('/api/status');
    expect(answer.status).toBe(500);
    problem(500, answer.headers, answer.text);
    expect(answer.text).not.toContain('secret');
  } finally {
    await broken.close();
  }
});

describe('every answer', () => {
  test.each([
    '/api/random',
    '/api/nothing',
    '/health',
    '/metrics',
    '/docs',
    '/docs-json',
    '/docs/swagger-ui.css',
    '/nothing',
  ])('of %s is not to be cached, and has an id of our own', async (path) => {
    const first = await gateway.get(path, { 'x-request-id': 'mine', 'request-id': 'mine' });
    const second = await gateway.get(path);
    expect(first.headers['cache-control']).toBe('no-store');
    expect(first.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(first.headers['x-request-id']).not.toBe(second.headers['x-request-id']);
  });

  test('to a page of another origin is closed', async () => {
    const { headers } = await gateway.get('/api/status', { origin: 'https://elsewhere.example' });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  test.each([
    ['two lengths', 400, '/push', ['Content-Length: 1', 'Content-Length: 2']],
    ['a length and a coding', 400, '/push?x', ['Content-Length: 1', 'Transfer-Encoding: chunked']],
    ['a header name with a space', 400, '/push', ['a b: c']],
    ['8 KiB of header', 431, '/push', [`X-Large: ${'x'.repeat(9000)}`]],
    ['8 KiB of path', 431, `/push?${'x'.repeat(9000)}`, []],
    ['a body that does not come', 408, '/push?x', ['Content-Length: 200', OCTETS]],
  ])('to a push that Node refuses is bare: %s', async (_, status, path, lines) => {
    const answer = await rawRequest(gateway, [`POST ${path} HTTP/1.1`, 'Host: x', ...lines]);
    expect(answer).toMatchObject({ status, body: '' });
    expect(Object.keys(fieldsOf(answer.head)).sort()).toEqual(['connection', 'content-length']);
  });

  test('to a push is bare', async () => {
    const { headers } = await gateway.push(Buffer.alloc(3));
    expect(Object.keys(headers).sort()).toEqual(['connection', 'content-length', 'date', 'keep-alive']);
  });
});

test('a name that a client sent is repeated without control and direction characters', async () => {
  const { text } = await gateway.get(`/api/random?a%E2%80%AEb%0Ac%00${'d'.repeat(200)}=1`);
  const { errors } = JSON.parse(text) as { errors: { name: string }[] };
  expect(errors[0]?.name).toBe(`a?b?c?${'d'.repeat(58)}`);
});

test('the package and the description have the same version', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(JSON.parse((await gateway.request('/docs-json')).text)).toMatchObject({ info: { version } });
});

function fieldsOf(head: string): Record<string, string> {
  return Object.fromEntries(
    head
      .split('\r\n')
      .slice(1)
      .map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
  );
}
