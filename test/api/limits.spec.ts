import { afterEach, describe, expect, test } from '@jest/globals';
import { AuditTrail } from '../../apps/gateway/src/audit/audit-trail.js';
import { Clock } from '../../apps/gateway/src/clock.js';
import { FileWatcher } from '../../apps/gateway/src/reload/file-watcher.js';
import { TestKeys } from '../support/api-keys.js';
import { startGateway } from '../support/gateway.js';
import type { Answer, Environment } from '../support/gateway-client.js';
import type { TestGateway } from '../support/gateway.js';

const keys = new TestKeys({
  one: {},
  two: {},
  slow: { requestsPerMinute: 2 },
  small: { bytesPerDay: 100 },
  ample: { bytesPerDay: 10_000 },
  endless: { bytesPerDay: Number.MAX_SAFE_INTEGER, requestsPerMinute: Number.MAX_SAFE_INTEGER },
  disabled: { disabled: true },
});

let gateway: TestGateway;
afterEach(() => gateway.close());

/** A gateway whose clocks stand still until they are moved. */
async function start(env: Environment): Promise<(ms: number) => void> {
  gateway = await startGateway({ QRNG_API_KEYS_FILE: keys.path, ...env });
  const clock = gateway.app.get(Clock);
  // Whole milliseconds: of others a sum less a part of it is not always the rest, and 900 s would be reported as 901.
  const start = { wall: clock.now(), monotonic: Math.ceil(clock.monotonic()) };
  let moved = 0;
  clock.now = () => start.wall + moved;
  clock.monotonic = () => start.monotonic + moved;
  await gateway.fill(100_000);
  return (ms) => (moved += ms);
}

function ask(name: string, path = '/api/random'): Promise<Answer> {
  return gateway.request(path, { headers: keys.bearer(name) });
}

async function statuses(count: number, name: string): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < count; i++) all.push((await ask(name)).status);
  return all;
}

/** Events of the audit trail from now on. */
function recorded(): string[] {
  const events: string[] = [];
  const trail = gateway.app.get(AuditTrail);
  const record = trail.record.bind(trail);
  trail.record = (event, fields) => {
    events.push(event);
    record(event, fields);
  };
  return events;
}

describe('a client', () => {
  test('may ask so often in the window; then Retry-After says when, and a retry then succeeds', async () => {
    const move = await start({ QRNG_RATE_LIMIT_MAX: '5', QRNG_RATE_LIMIT_WINDOW_SECS: '60' });
    expect(await statuses(5, 'one')).toEqual([200, 200, 200, 200, 200]);
    const refused = await ask('one');
    expect(refused).toMatchObject({
      status: 429,
      headers: { 'content-type': 'application/problem+json; charset=utf-8' },
    });
    expect(JSON.parse(refused.text)).toMatchObject({ type: 'urn:qrng-dd:problem:rate-limited', status: 429 });
    const secs = Number(refused.headers['retry-after']);
    expect(secs).toBeGreaterThanOrEqual(60);
    expect(secs).toBeLessThanOrEqual(61);
    expect(refused.headers['ratelimit']).toBe(`"window";r=0;t=${secs}`);
    move(59_000);
    expect((await ask('one')).status).toBe(429);
    move(secs * 1000 - 59_000);
    expect((await ask('one')).status).toBe(200);
  });

  test('may ask so often in any one second', async () => {
    const move = await start({ QRNG_RATE_LIMIT_BURST: '3' });
    expect(await statuses(3, 'one')).toEqual([200, 200, 200]);
    const refused = await ask('one');
    expect(refused).toMatchObject({
      status: 429,
      headers: { ratelimit: expect.stringMatching(/^"burst";r=0;t=[12]$/) },
    });
    move(Number(refused.headers['retry-after']) * 1000);
    expect((await ask('one')).status).toBe(200);
  });

  test('finds its limits and what is left in each answer', async () => {
    await start({ QRNG_RATE_LIMIT_MAX: '100', QRNG_RATE_LIMIT_BURST: '20' });
    for (const [left, path] of [
      [99, '/api/random'],
      [98, '/api/random?bytes=0'],
      [97, '/api/nothing'],
      [96, '/api/status'],
    ] as const) {
      const { headers } = await ask('one', path);
      expect(headers['ratelimit-policy']).toBe('"window";q=100;w=60, "burst";q=20;w=1');
      expect(headers['ratelimit']).toBe(`"window";r=${left};t=60, "burst";r=${left - 80};t=1`);
    }
  });

  test('with limits beyond what a structured field can say has a field that is one', async () => {
    await start({});
    const { headers } = await ask('endless');
    expect(headers['ratelimit-policy']).toMatch(
      /^"window";q=999999999999999;w=60, .*"day";q=999999999999999;/,
    );
    expect(headers['ratelimit']).toMatch(
      /^"window";r=999999999999999;t=\d+, .*"day";r=999999999999999;t=\d+$/,
    );
  });

  test('has limits of its own where its key says so', async () => {
    await start({ QRNG_RATE_LIMIT_MAX: '100', QRNG_RATE_LIMIT_WINDOW_SECS: '10' });
    expect((await ask('slow')).headers['ratelimit-policy']).toMatch(/^"window";q=2;w=60/);
    expect(await statuses(2, 'slow')).toEqual([200, 429]);
  });

  test('is limited by itself, over all routes', async () => {
    await start({ QRNG_RATE_LIMIT_MAX: '3' });
    for (const path of ['/api/random', '/api/uuid', '/api/nothing']) await ask('one', path);
    expect((await ask('one', '/api/usage')).status).toBe(429);
    expect((await ask('two')).status).toBe(200);
  });

  test('that does not stop is blocked for a while, and the audit trail says so', async () => {
    const move = await start({
      QRNG_RATE_LIMIT_MAX: '2',
      QRNG_RATE_LIMIT_WINDOW_SECS: '10',
      QRNG_RATE_LIMIT_BLOCK_AFTER: '3',
      QRNG_RATE_LIMIT_BLOCK_SECS: '900',
    });
    const events = recorded();
    expect(await statuses(4, 'one')).toEqual([200, 200, 429, 429]);
    expect(events).toEqual(['rate-limited', 'rate-limited']);
    expect((await ask('one')).headers['retry-after']).toBe('900');
    expect(events.slice(2)).toEqual(['rate-limited', 'client-blocked']);
    move(899_000);
    expect((await ask('one')).headers['retry-after']).toBe('1');
    move(1000);
    expect((await ask('one')).status).toBe(200);
    expect(await gateway.metric('qrng_rate_limited_total{client="one"}')).toBe(4);
    expect((await ask('two')).status).toBe(200);
  });
});

describe('a quota', () => {
  test('is exact: refused before anything is taken, renewed at midnight UTC', async () => {
    const move = await start({});
    const events = recorded();
    expect((await ask('small', '/api/random?bytes=60')).status).toBe(200);
    const before = await gateway.metric('qrng_pool_bytes');
    const refused = await ask('small', '/api/random?bytes=41');
    expect(refused.status).toBe(429);
    expect(JSON.parse(refused.text)).toMatchObject({ type: 'urn:qrng-dd:problem:quota-used-up' });
    expect(refused.headers['ratelimit']).toMatch(/^"day";r=40;t=\d+$/);
    expect(await gateway.metric('qrng_pool_bytes')).toBe(before);
    expect(events).toEqual(['quota-used-up']);
    const last = await ask('small', '/api/random?bytes=40');
    expect(last.headers['ratelimit']).toMatch(/, "day";r=0;t=\d+$/);
    expect(last.headers['ratelimit-policy']).toMatch(/, "day";q=100;qu="content-bytes";w=86400$/);
    expect((await ask('small', '/api/random?bytes=1')).status).toBe(429);
    move(Number(refused.headers['retry-after']) * 1000);
    expect((await ask('small', '/api/random?bytes=1')).status).toBe(200);
  });

  test('counts what was taken, no more: usage, metric and pool agree', async () => {
    await start({});
    const before = (await gateway.metric('qrng_pool_bytes')) ?? 0;
    for (const path of [
      '/api/integers?count=10',
      '/api/uuid',
      '/api/random?bytes=7',
      '/api/stream?bytes=11',
      '/api/usage',
      '/api/random?bytes=0',
    ]) {
      await ask('small', path);
    }
    const usage = JSON.parse((await ask('small', '/api/usage')).text) as Record<string, unknown>;
    const served = await gateway.metric('qrng_entropy_served_bytes_total{client="small"}');
    expect(before - ((await gateway.metric('qrng_pool_bytes')) ?? 0)).toBe(served);
    expect(usage).toEqual({
      client: 'small',
      scopes: ['random'],
      requests: 7,
      bytes: served,
      bytesPerDay: 100,
      bytesLeft: 100 - Number(served),
      resetsAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT00:00:00.000Z$/),
    });
  });

  test('is charged for what a draw took from bytes that are not random, and no draw takes more than it set aside', async () => {
    await start({ QRNG_ON_BAD_ENTROPY: 'warn' });
    await gateway.get('/api/random?bytes=60000');
    await gateway.get('/api/random?bytes=40000');
    for (let i = 0; i < 4; i++) await gateway.push(gateway.collector.seal(Buffer.alloc(500_000, 0xff)));
    const answer = await ask('ample', '/api/integers?count=1000&min=0&max=100');
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '60']);
    const { bytes } = JSON.parse((await ask('ample', '/api/usage')).text) as { bytes: number };
    expect(bytes).toBeGreaterThan(1000);
    expect(bytes).toBeLessThan(1500);
    expect(await gateway.metric('qrng_pool_bytes')).toBe(2_000_000 - bytes);
    expect(await gateway.metric('qrng_entropy_served_bytes_total{client="ample"}')).toBe(bytes);
  });

  test('reports what is left once it is known what an answer took, also an answer that failed', async () => {
    await start({});
    const left = async (): Promise<number> =>
      (JSON.parse((await ask('ample', '/api/usage')).text) as { bytesLeft: number }).bytesLeft;
    for (const [status, path] of [
      [200, '/api/gaussians?count=9'],
      [200, '/api/random?bytes=7'],
      [200, '/api/stream?bytes=11'],
    ] as const) {
      const answer = await ask('ample', path);
      expect([path, answer.status]).toEqual([path, status]);
      expect(answer.headers['ratelimit']).toContain(`, "day";r=${await left()};`);
    }
    for (const bytes of [60_000, 39_000]) await gateway.get(`/api/random?bytes=${bytes}`);
    for (const path of ['/api/gaussians?count=99', '/api/random?bytes=5000']) {
      const answer = await ask('ample', path);
      expect([path, answer.status]).toEqual([path, 503]);
      expect(answer.headers['ratelimit']).toContain(`, "day";r=${await left()};`);
    }
  });

  test('that was lowered below what is used leaves nothing, and no less', async () => {
    const lowered = new TestKeys({ some: { bytesPerDay: 100 } });
    await start({ QRNG_API_KEYS_FILE: lowered.path });
    const headers = lowered.bearer('some');
    await gateway.request('/api/random?bytes=60', { headers });
    lowered.write({ some: { bytesPerDay: 50 } });
    await gateway.app.get(FileWatcher).reload();
    const usage = await gateway.request('/api/usage', { headers });
    expect(JSON.parse(usage.text)).toMatchObject({ bytes: 60, bytesPerDay: 50, bytesLeft: 0 });
    const refused = await gateway.request('/api/random', { headers });
    expect(refused.headers['ratelimit']).toMatch(/^"day";r=0;t=\d+$/);
    expect(refused.text).toContain('has 0 of its 50 bytes');
  });

  test('outlives the gateway', async () => {
    await start({});
    await ask('small', '/api/random?bytes=90');
    const { env } = gateway;
    await gateway.close();
    gateway = await startGateway(env);
    await gateway.fill(1000);
    expect((await ask('small', '/api/random?bytes=11')).status).toBe(429);
    expect((await ask('small', '/api/random?bytes=10')).status).toBe(200);
  });
});

describe('an address', () => {
  const limits = {
    QRNG_RATE_LIMIT_MAX: '3',
    QRNG_RATE_LIMIT_WINDOW_SECS: '60',
    QRNG_RATE_LIMIT_BLOCK_AFTER: '5',
  };
  const guess = (headers = {}) =>
    gateway.request('/api/random', { headers: { authorization: `Bearer ${'x'.repeat(40)}`, ...headers } });

  test('that fails to authenticate too often is refused, and no valid key from there', async () => {
    const move = await start(limits);
    const events = recorded();
    for (let i = 0; i < 3; i++) expect((await guess()).status).toBe(401);
    const refused = await guess();
    expect(refused.status).toBe(429);
    expect(refused.headers['ratelimit']).toBeUndefined();
    expect(await statuses(3, 'one')).toEqual([200, 200, 200]);
    expect((await gateway.request('/health/live')).status).toBe(200);
    expect((await gateway.request('/api/nothing')).status).toBe(429);
    move(Number(refused.headers['retry-after']) * 1000);
    expect((await guess()).status).toBe(401);
    expect(events).toEqual([
      ...Array<string>(3).fill('authentication-failed'),
      'rate-limited',
      'rate-limited',
      'authentication-failed',
    ]);
    expect(await gateway.metric('qrng_auth_failures_total')).toBe(4);
    expect(await gateway.metric('qrng_rate_limited_total{client="(unauthenticated)"}')).toBe(2);
  });

  test('that sends a key that is disabled or has expired is counted like any other', async () => {
    await start(limits);
    for (let i = 0; i < 3; i++) expect((await ask('disabled')).status).toBe(401);
    expect((await ask('disabled')).status).toBe(429);
    expect((await ask('one')).status).toBe(200);
  });

  test('is blocked if it goes on, and no valid key from there', async () => {
    await start(limits);
    for (let i = 0; i < 8; i++) await guess();
    expect((await guess()).headers['retry-after']).toBe('900');
    expect((await ask('one')).status).toBe(200);
  });

  test('that sends no key at all is counted too', async () => {
    await start(limits);
    for (let i = 0; i < 3; i++) expect((await gateway.request('/api/nothing')).status).toBe(401);
    expect((await gateway.request('/api/random')).status).toBe(429);
  });

  test('is the socket, whatever X-Forwarded-For says', async () => {
    await start(limits);
    for (let i = 0; i < 3; i++) await guess({ 'x-forwarded-for': `192.0.2.${i}` });
    expect((await guess({ 'x-forwarded-for': '192.0.2.9' })).status).toBe(429);
  });

  test('is what a trusted proxy says, an IPv6 one by its /64', async () => {
    await start({ ...limits, QRNG_TRUST_PROXY: '127.0.0.1' });
    for (let i = 0; i < 3; i++) await guess({ 'x-forwarded-for': `2001:db8:0:1::${i}` });
    expect((await guess({ 'x-forwarded-for': '2001:db8:0:1:ffff::9' })).status).toBe(429);
    expect((await guess({ 'x-forwarded-for': '2001:db8:0:2::9' })).status).toBe(401);
    // What a client writes comes before what the proxy adds.
    expect((await guess({ 'x-forwarded-for': '2001:db8:0:3::1, 2001:db8:0:1::1' })).status).toBe(429);
    expect((await ask('one')).status).toBe(200);
  });

  test.each([
    ['with a port', '192.0.2.1:4711', '192.0.2.2:4711'],
    ['with a port, IPv6', '[2001:db8:0:1::1]:4711', '[2001:db8:0:2::1]:4711'],
    ['behind NAT64', '64:ff9b::192.0.2.1', '64:ff9b::192.0.2.2'],
    ['mapped into IPv6, in hex', '::ffff:c000:201', '::ffff:c000:202'],
  ])('that a proxy writes %s is told from others', async (_, stranger, other) => {
    await start({ ...limits, QRNG_TRUST_PROXY: '127.0.0.1' });
    for (let i = 0; i < 4; i++) await guess({ 'x-forwarded-for': stranger });
    expect((await guess({ 'x-forwarded-for': stranger })).status).toBe(429);
    expect((await guess({ 'x-forwarded-for': other })).status).toBe(401);
  });
});

test('of several reasons to refuse a request the first is reported: key, its limit, parameters, entropy', async () => {
  gateway = await startGateway({ QRNG_API_KEYS_FILE: keys.path, QRNG_RATE_LIMIT_MAX: '2' });
  const wrong = '/api/random?bytes=0';
  expect((await ask('one', wrong)).status).toBe(400); // though the pool is empty
  expect((await ask('one', '/api/random')).status).toBe(503);
  const limited = await ask('one', wrong);
  expect([limited.status, limited.headers['ratelimit']]).toEqual([
    429,
    expect.stringMatching(/^"window";r=0/),
  ]);
  expect((await gateway.request(wrong)).status).toBe(401);
  expect((await gateway.request('/api/nothing')).status).toBe(401);
  for (const answer of [await gateway.request(wrong), await gateway.request('/api/nothing')]) {
    expect([answer.status, answer.headers['ratelimit']]).toEqual([429, undefined]);
  }
  expect((await ask('two', wrong)).status).toBe(400);
});
