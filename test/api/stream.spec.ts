import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { request } from 'undici';
import { Waiters } from '../../apps/gateway/src/api/draw/waiters.js';
import { Streams } from '../../apps/gateway/src/api/stream/streams.js';
import { AuditTrail } from '../../apps/gateway/src/audit/audit-trail.js';
import { Clock } from '../../apps/gateway/src/clock.js';
import { TestKeys } from '../support/api-keys.js';
import { FileWatcher } from '../../apps/gateway/src/reload/file-watcher.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { until } from '../support/until.js';

const HOUR_MS = 3_600_000;
const names = {
  greedy: {},
  second: {},
  modest: {},
  small: { bytesPerDay: 5000 },
  brief: { expires: new Date(Date.now() + HOUR_MS).toISOString() },
};
const keys = new TestKeys({ ...names, ending: {} });

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startGateway({ QRNG_API_KEYS_FILE: keys.path });
});
afterEach(() => gateway.close());

async function open(
  bytes: number,
  name = 'greedy',
): Promise<{ status: number; headers: object; body: Readable }> {
  const { statusCode, headers, body } = await request(`${gateway.url}/api/stream?bytes=${bytes}`, {
    dispatcher: gateway.agent,
    headers: keys.bearer(name),
  });
  return { status: statusCode, headers, body };
}

/** Opens a stream beside others, which may get the first bytes that come. */
async function openBeside(bytes: number, name = 'greedy'): ReturnType<typeof open> {
  let opened = false;
  await gateway.fill(10);
  const opening = open(bytes, name).finally(() => (opened = true));
  await until('the stream begins', async () => {
    if (!opened) await gateway.fill(10);
    return opened;
  });
  return opening;
}

/** Bytes until the end, or until the connection breaks. */
async function read(body: Readable): Promise<{ bytes: number; whole: boolean }> {
  let bytes = 0;
  body.on('data', (chunk: Buffer) => (bytes += chunk.length));
  const whole = await Promise.race([
    once(body, 'end').then(() => true),
    once(body, 'error').then(
      () => false,
      () => false,
    ),
  ]).catch(() => false);
  return { bytes, whole };
}

const pool = async () => (await gateway.metric('qrng_pool_bytes')) ?? -1;
const served = async (name: string) =>
  (await gateway.metric(`qrng_entropy_served_bytes_total{client="${name}"}`)) ?? 0;

async function bytesLeft(name: string): Promise<number> {
  const { text } = await gateway.request('/api/usage', { headers: keys.bearer(name) });
  return (JSON.parse(text) as { bytesLeft: number }).bytesLeft;
}

test('a stream comes in chunks, with nothing said of its length', async () => {
  await gateway.fill(300_000);
  const { status, headers, body } = await open(200_000);
  expect([status, headers]).toMatchObject([
    200,
    { 'content-type': 'application/octet-stream', 'transfer-encoding': 'chunked' },
  ]);
  expect(await read(body)).toEqual({ bytes: 200_000, whole: true });
  expect(await pool()).toBe(100_000);
});

test('a stream that was closed while it waited takes nothing any more', async () => {
  await gateway.fill(1000);
  const { body } = await open(5000, 'small');
  body.on('error', () => undefined);
  await until('it took what there was', async () => (await served('small')) === 1000);
  body.destroy();
  await until('the gateway has noticed', async () => (await bytesLeft('small')) === 4000);
  await gateway.fill(5000);
  await wait(100);
  expect([await served('small'), await pool()]).toEqual([1000, 5000]);
});

test('a stream waits while the pool fills up', async () => {
  await gateway.fill(1000);
  const { status, body } = await open(5000);
  expect(status).toBe(200);
  const all = read(body);
  await until('the first 1000 bytes are taken', async () => (await served('greedy')) === 1000);
  await gateway.fill(1500);
  await until('the next ones are taken', async () => (await served('greedy')) === 2500);
  await gateway.fill(10_000);
  expect(await all).toEqual({ bytes: 5000, whole: true });
  expect(await pool()).toBe(7500);
});

test('a stream of more than a full pool has begins, however long nothing came into that: there was no room', async () => {
  await gateway.close();
  gateway = await startGateway({ QRNG_API_KEYS_FILE: keys.path, QRNG_BUFFER_SIZE: '1000000' });
  await gateway.fill(1_000_000);
  const clock = gateway.app.get(Clock);
  const real = clock.monotonic.bind(clock);
  clock.monotonic = () => real() + HOUR_MS;
  const { status, body } = await open(1_500_000);
  expect(status).toBe(200);
  const reading = read(body);
  await until('there is room', async () => ((await gateway.metric('qrng_pool_bytes')) ?? 0) < 400_000);
  await gateway.fill(500_000);
  expect(await reading).toEqual({ bytes: 1_500_000, whole: true });
});

test('a stream takes only as much as its client reads', async () => {
  await gateway.close();
  gateway = await startGateway({ QRNG_API_KEYS_FILE: keys.path, QRNG_BUFFER_SIZE: '20000000' });
  await gateway.fill(17_000_000);
  const { body } = await open(16_000_000);
  await once(body, 'readable');
  let last = -1;
  let looks = 0;
  await until('nothing more is taken, for a second', async () => {
    const taken = await served('greedy');
    looks = taken === last ? looks + 1 : 0;
    last = taken;
    await wait(200);
    return looks === 5;
  });
  // The buffers of the kernel on both sides hold some megabytes.
  expect(last).toBeLessThan(14_000_000);
  const left = await pool();
  body.destroy();
  body.on('error', () => undefined);
  await wait(200);
  // What was on its way is gone, and nothing else.
  expect(await pool()).toBe(left);
  expect(await served('greedy')).toBe(17_000_000 - left);
});

describe('a stream is refused', () => {
  test('with 503 while the pool is empty', async () => {
    const { status, headers } = await open(10);
    expect([status, headers]).toMatchObject([503, { 'retry-after': '60' }]);
  });

  test('with 429 beyond the quota, before anything is taken', async () => {
    await gateway.fill(100_000);
    expect((await open(5001, 'small')).status).toBe(429);
    expect(await pool()).toBe(100_000);
  });

  test('with 429 beside 16 others of the same client', async () => {
    const streams = [];
    for (let i = 0; i < 16; i++) streams.push(await openBeside(100_000));
    expect(streams.map(({ status }) => status)).toEqual(Array<number>(16).fill(200));
    const record = jest.spyOn(gateway.app.get(AuditTrail), 'record');
    expect((await openBeside(1)).status).toBe(429);
    expect(await gateway.metric('qrng_rate_limited_total{client="greedy"}')).toBe(1);
    expect(record.mock.calls).toEqual([
      ['rate-limited', expect.objectContaining({ client: 'greedy', reason: 'streams' })],
    ]);
    expect((await openBeside(1, 'second')).status).toBe(200);
    for (const { body } of streams) body.on('error', () => undefined).destroy();
  });

  test('with 429 beyond 16, also when all are asked for in one turn of the event loop', async () => {
    await gateway.fill(1000);
    const streams = gateway.app.get(Streams);
    const request = { client: { name: 'greedy' }, ip: '127.0.0.1', headers: {} } as FastifyRequest;
    const reply = { raw: { setTimeout: () => undefined } } as unknown as FastifyReply;
    const opened = await Promise.allSettled(
      Array.from({ length: 40 }, () => streams.open(request, reply, 1000)),
    );
    expect(opened.filter(({ status }) => status === 'fulfilled')).toHaveLength(16);
    for (const stream of opened) if (stream.status === 'fulfilled') stream.value.destroy();
  });
});

test('a stream that was aborted is charged for what was taken', async () => {
  await gateway.fill(1000);
  const { body } = await open(5000, 'small');
  await until('1000 bytes are taken', async () => (await served('small')) === 1000);
  body.on('error', () => undefined).destroy();
  await until('the quota has the rest back', async () => (await bytesLeft('small')) === 4000);
});

test('a stream ends, without its last chunk, when the pool stays dry', async () => {
  gateway.app.get(Streams).stallMs = 300;
  await gateway.fill(1000);
  const { status, body } = await open(5000);
  expect(status).toBe(200);
  expect(await read(body)).toEqual({ bytes: 1000, whole: false });
});

test('a stream that gets no first chunk in a short while is answered 503', async () => {
  await gateway.fill(1000);
  const { body } = await open(5000);
  body.on('error', () => undefined).resume();
  await until('the pool is empty', async () => (await pool()) === 0);
  expect(await open(10, 'second')).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  body.destroy();
});

test.each([
  ['wait=1', 1000, 'wait=1'],
  ['wait=30', 30_000, 'wait=30'],
  ['wait=0', 3000, undefined],
])('a stream waits for its first chunk as long as `Prefer: %s` says', async (prefer, ms, applied) => {
  await gateway.fill(1000);
  const noted: string[] = [];
  const waits: number[] = [];
  const reply = {
    getHeader: () => undefined,
    header: (_: string, value: string) => noted.push(value),
    raw: { setTimeout: (wait: number) => waits.push(wait) },
  } as unknown as FastifyReply;
  const asked = { client: { name: 'second' }, ip: '127.0.0.1', headers: { prefer } };
  const request = asked as unknown as FastifyRequest;
  (await gateway.app.get(Streams).open(request, reply, 1000)).destroy();
  expect([waits[0], noted[0]]).toEqual([ms, applied]);
});

test('a gateway that ends its streams opens none more', async () => {
  await gateway.fill(1000);
  const streams = gateway.app.get(Streams);
  streams.shutdownMs = 0;
  streams.stop();
  await wait(10);
  expect(await open(10)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
});

test('a gateway that stops does not wait for streams forever', async () => {
  gateway.app.get(Streams).shutdownMs = 200;
  await gateway.fill(1000);
  const { body } = await open(5000);
  const all = read(body);
  await gateway.app.close();
  expect(await all).toEqual({ bytes: 1000, whole: false });
});

describe('a stream ends within a second when its key', () => {
  test.each([
    ['is removed', {}],
    ['is disabled', { ending: { disabled: true } }],
    ['is replaced by another one of its name', { ending: { sha256: '0'.repeat(64) } }],
    ['has expired', { ending: { expires: '2020-01-01' } }],
    ['loses the scope', { ending: { scopes: ['status'] } }],
  ])('%s', async (_, entries) => {
    keys.write({ ...names, ending: {} });
    await gateway.app.get(FileWatcher).reload();
    await gateway.fill(1000);
    const ending = await open(16_000_000, 'ending');
    expect(ending.status).toBe(200);
    const ended = read(ending.body);
    const { body } = await openBeside(1000);
    keys.write({ ...names, ...entries });
    const changedAt = Date.now();
    expect(await ended).toMatchObject({ whole: false });
    expect(Date.now() - changedAt).toBeLessThan(20_000); // a second, and what a busy machine adds
    const taken = await served('ending');
    await gateway.fill(5000);
    expect(await read(body)).toEqual({ bytes: 1000, whole: true });
    expect(await served('ending')).toBe(taken);
  });

  test('expires while it is read', async () => {
    await gateway.fill(1000);
    const clock = gateway.app.get(Clock);
    const now = clock.now.bind(clock);
    const { status, body } = await open(16_000_000, 'brief');
    expect(status).toBe(200);
    const ended = read(body);
    clock.now = () => now() + 2 * HOUR_MS;
    expect(await ended).toEqual({ bytes: 1000, whole: false });
  });
});

describe('streams share', () => {
  test('with those of other keys: a chunk for each key before any gets a second one', async () => {
    const streams = [];
    for (let i = 0; i < 15; i++) streams.push(await openBeside(1_000_000));
    streams.push(await openBeside(1_000_000, 'second'));
    for (const { body } of streams) body.on('error', () => undefined).resume();
    await until('the pool is empty', async () => (await pool()) === 0);
    const begun = (await served('greedy')) + (await served('second'));
    for (let i = 0; i < 20; i++) {
      await gateway.fill(20_000);
      await until('the pool is empty', async () => (await pool()) === 0);
    }
    const shares = [await served('greedy'), await served('second')];
    expect(shares.reduce((sum, share) => sum + share)).toBe(400_000 + begun);
    // 20 rounds of 20000 bytes: one of 16384 and one of the rest, the turns alternating or not, never all to one.
    for (const share of shares) expect(share).toBeGreaterThanOrEqual(20 * 3616);
    for (const { body } of streams) body.destroy();
  });

  test('with single answers that wait: a stream leaves what they need, and gets a little itself meanwhile', async () => {
    const clock = gateway.app.get(Clock);
    let time = clock.monotonic();
    clock.monotonic = () => time;
    const greedy = await openBeside(1_000_000);
    greedy.body.on('error', () => undefined).resume();
    const headers = { ...keys.bearer('modest'), prefer: 'wait=30' };
    const answer = gateway.request('/api/random?bytes=30000', { headers });
    const waiters = gateway.app.get(Waiters, { strict: false });
    await until('it waits', () => waiters.waiting === 1);
    await gateway.fill(20_000);
    time += 10_000;
    await until('the stream got a little', async () => (await served('greedy')) >= 1024);
    await gateway.fill(20_000);
    expect((await answer).status).toBe(200);
    greedy.body.destroy();
  });

  test('with single answers: somebody else is served while a stream would take everything', async () => {
    const feeding = new AbortController();
    const feed = (async () => {
      while (!feeding.signal.aborted) {
        await gateway.fill(10_000);
        await wait(50);
      }
    })();
    const modest = () => gateway.request('/api/random?bytes=1000', { headers: keys.bearer('modest') });
    await until('the feed runs', async () => (await pool()) > 5000);
    await modest();
    const { body } = await open(16_000_000);
    body.on('error', () => undefined).resume();
    await wait(1000);
    const answers = [];
    for (let i = 0; i < 30; i++) {
      answers.push((await modest()).status);
      await wait(50);
    }
    feeding.abort();
    await feed;
    body.destroy();
    expect(answers).toEqual(Array<number>(30).fill(200));
    expect(await served('greedy')).toBeGreaterThan(100_000);
  });
});
