/** `Prefer: wait=N` (RFC 7240): a request waits for entropy instead of being refused at once. */
import { randomBytes } from 'node:crypto';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { request } from 'undici';
import { TestKeys } from '../support/api-keys.js';
import { startGateway } from '../support/gateway.js';
import type { Answer } from '../support/gateway-client.js';
import type { TestGateway } from '../support/gateway.js';
import { until } from '../support/until.js';
import { Waiters } from '../../apps/gateway/src/api/draw/waiters.js';
import { ApiError } from '../../apps/gateway/src/problem/api-error.js';

const keys = new TestKeys({ first: {}, second: {}, poor: { bytesPerDay: 100 } });

let gateway: TestGateway;
afterEach(() => gateway.close());

async function start(pooled: number): Promise<void> {
  gateway = await startGateway({ QRNG_API_KEYS_FILE: keys.path, QRNG_BUFFER_SIZE: '1000000' });
  if (pooled > 0) await gateway.fill(pooled);
}

function push(bytes: number): Promise<Answer> {
  return gateway.push(gateway.collector.seal(randomBytes(bytes)));
}

function ask(path: string, wait: string, name = 'first'): Promise<Answer> {
  return gateway.request(path, { headers: { ...keys.bearer(name), prefer: `wait=${wait}` } });
}

async function waiting(count: number): Promise<void> {
  const waiters = gateway.app.get(Waiters, { strict: false });
  await until(`${count} requests wait`, () => waiters.waiting === count);
}

async function sum(metric: string): Promise<number> {
  const { text } = await gateway.get('/metrics');
  return [...text.matchAll(new RegExp(`^${metric}(?:\\{.*\\})? (\\d+)$`, 'gm'))].reduce(
    (all, [, n]) => all + Number(n),
    0,
  );
}

async function balance(): Promise<void> {
  const [received, served, discarded, pooled] = [
    await sum('qrng_entropy_received_bytes_total'),
    await sum('qrng_entropy_served_bytes_total'),
    await sum('qrng_entropy_discarded_bytes_total'),
    await sum('qrng_pool_bytes'),
  ];
  expect(received).toBe(served + discarded + pooled);
}

const ROUTES = [
  '/api/random?bytes=100',
  '/api/integers?count=50',
  '/api/floats?count=20',
  '/api/gaussians?count=10',
  '/api/strings?count=4',
  '/api/uuid?count=8',
  '/api/permutation?n=60',
  '/api/stream?bytes=100',
];

describe.each(ROUTES)('%s', (path) => {
  test('waits for entropy, and says so', async () => {
    await start(5);
    const answer = ask(path, '30');
    if (path.includes('stream')) await new Promise((begun) => setTimeout(begun, 100));
    else await waiting(1);
    await push(4000);
    const { status, headers } = await answer;
    expect([status, headers['preference-applied']]).toEqual([200, 'wait=30']);
    await balance();
  });

  test('says so also where nothing was to wait for', async () => {
    await start(10_000);
    const { status, headers } = await ask(path, '5');
    expect([status, headers['preference-applied']]).toEqual([200, 'wait=5']);
  });

  test('is refused once the time is over, and takes nothing', async () => {
    await start(path.includes('stream') ? 0 : 5);
    const { status, headers } = await ask(path, path.includes('stream') ? '4' : '1');
    expect([status, Number(headers['retry-after']) > 0]).toEqual([503, true]);
    expect(await sum('qrng_entropy_served_bytes_total')).toBe(0);
  });
});

test('POST /v1/entropy waits too', async () => {
  await start(0);
  const answer = gateway.request('/v1/entropy', {
    method: 'POST',
    headers: { ...keys.bearer('first'), prefer: 'wait=30', 'content-type': 'application/json' },
    body: '{"block_size":100}',
  });
  await waiting(1);
  await push(100);
  expect(await answer).toMatchObject({ status: 200, headers: { 'preference-applied': 'wait=30' } });
});

test('without the preference, or with one that is none, it is refused at once as ever', async () => {
  await start(5);
  for (const prefer of ['wait=-1', 'wait=soon', 'respond-async', 'x="wait=5"']) {
    const { status, headers } = await gateway.request('/api/random', {
      headers: { ...keys.bearer('first'), prefer },
    });
    expect([status, headers['preference-applied']]).toEqual([503, undefined]);
  }
  expect((await ask('/api/random', '0')).status).toBe(503);
});

test('HEAD waits for nothing', async () => {
  await start(0);
  const { status } = await gateway.request('/api/random', {
    method: 'HEAD',
    headers: { ...keys.bearer('first'), prefer: 'wait=30' },
  });
  expect(status).toBe(200);
});

describe('is refused at once although it would wait', () => {
  test('what the pool never holds', async () => {
    gateway = await startGateway({ QRNG_API_KEYS_FILE: keys.path, QRNG_BUFFER_SIZE: '1000' });
    expect((await ask('/api/random?bytes=1001', '30')).status).toBe(503);
  });

  test('what is beyond the quota, and what waits counts as used', async () => {
    await start(0);
    expect((await ask('/api/random?bytes=101', '30', 'poor')).status).toBe(429);
    const answer = ask('/api/random?bytes=60', '30', 'poor');
    await waiting(1);
    expect((await ask('/api/random?bytes=60', '30', 'poor')).status).toBe(429);
    await push(100);
    expect((await answer).status).toBe(200);
    expect(JSON.parse((await ask('/api/usage', '0', 'poor')).text)).toMatchObject({
      bytes: 60,
      bytesLeft: 40,
    });
  });

  test('a parameter that is invalid', async () => {
    await start(0);
    expect((await ask('/api/random?bytes=0', '30')).status).toBe(400);
  });

  test('the 101st of a client, while others still may', async () => {
    await start(0);
    const answers = Array.from({ length: 100 }, () => ask('/api/random?bytes=1', '30'));
    await waiting(100);
    expect((await ask('/api/random?bytes=1', '30')).status).toBe(503);
    const other = ask('/api/random?bytes=1', '30', 'second');
    await waiting(101);
    await push(101);
    for (const { status } of await Promise.all([...answers, other])) expect(status).toBe(200);
    await balance();
  });
});

test('those that wait are served in their order, a large one before a small one that came later', async () => {
  await start(0);
  const order: string[] = [];
  const asked = [];
  for (const [i, bytes] of [500, 10, 700, 20].entries()) {
    asked.push(ask(`/api/random?bytes=${bytes}`, '30').then(() => order.push(`${i}`)));
    await waiting(i + 1);
  }
  await push(400);
  await push(110);
  await waiting(2);
  await until('two answers have come', () => order.length === 2);
  expect(order.toSorted()).toEqual(['0', '1']); // answered in this order, on connections of their own
  await push(720);
  await Promise.all(asked);
  expect(order.slice(2).sort()).toEqual(['2', '3']);
  expect(await sum('qrng_pool_bytes')).toBe(0);
});

test('a client with many that wait keeps no other one waiting: they take turns', async () => {
  await start(0);
  const many = Array.from({ length: 50 }, () => ask('/api/random?bytes=1000', '30'));
  await waiting(50);
  const other = [ask('/api/random?bytes=10', '30', 'second')];
  await waiting(51);
  other.push(ask('/api/random?bytes=10', '30', 'second'));
  await waiting(52);
  await push(2020); // one of the many, one of the other, and so again
  for (const { status } of await Promise.all(other)) expect(status).toBe(200);
  await waiting(48);
  await push(48_000);
  for (const { status } of await Promise.all(many)) expect(status).toBe(200);
  await balance();
});

test('nothing is taken for a client that went away, and those behind it are served', async () => {
  await start(0);
  const abort = new AbortController();
  const gone = request(`${gateway.url}/api/random?bytes=300`, {
    dispatcher: gateway.agent,
    headers: { ...keys.bearer('first'), prefer: 'wait=30' },
    signal: abort.signal,
  });
  await waiting(1);
  const behind = ask('/api/random?bytes=200', '30', 'second');
  await waiting(2);
  abort.abort();
  await expect(gone).rejects.toThrow();
  await waiting(1);
  await push(300);
  expect((await behind).status).toBe(200);
  expect(await sum('qrng_entropy_served_bytes_total')).toBe(200);
  expect(JSON.parse((await ask('/api/usage', '0')).text)).toMatchObject({ bytes: 0 });
});

test('a client that went away while the pool was asked does not wait', async () => {
  await start(0);
  const waiters = gateway.app.get(Waiters, { strict: false });
  const raw = new ServerResponse(new IncomingMessage(new Socket()));
  const asked = { client: { name: 'first' }, headers: { prefer: 'wait=30' } };
  const reply = { raw, header: () => undefined, getHeader: () => undefined } as unknown as FastifyReply;
  const shortage = new ApiError('too-little-entropy', 'as of a pool that is shared, a moment later');
  const take = (): Promise<never> => {
    raw.destroy();
    return Promise.reject(shortage);
  };
  await expect(waiters.serve(asked as unknown as FastifyRequest, reply, 10, take)).rejects.toBe(shortage);
  expect(waiters.waiting).toBe(0);
});

test('a key that is disabled ends the waiting with 401', async () => {
  await start(0);
  const answer = ask('/api/random?bytes=300', '30', 'second');
  await waiting(1);
  keys.write({ first: {}, second: { disabled: true }, poor: { bytesPerDay: 100 } });
  expect((await answer).status).toBe(401);
  keys.write({ first: {}, second: {}, poor: { bytesPerDay: 100 } });
});

test('a gateway that stops refuses those that wait with 503, and takes nothing', async () => {
  await start(0);
  const answer = ask('/api/random?bytes=300', '30');
  await waiting(1);
  await gateway.app.close();
  expect((await answer).status).toBe(503);
});
