/** Limits, blocks, quotas and usage of two gateways that share a pool: counted together, to the request and to the byte. */
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { request } from 'undici';
import { TestKeys } from '../support/api-keys.js';
import { startGateway, temporaryFolder } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import type { Answer, Environment } from '../support/gateway-client.js';
import { describeWithRedis, RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';

describeWithRedis('two gateways with one pool', () => {
  const keys = new TestKeys({ plain: {}, frugal: { bytesPerDay: 1000 }, brisk: { requestsPerMinute: 50 } });
  let redis: RedisServer;
  let gateways: [TestGateway, TestGateway];

  beforeEach(async () => {
    redis = await RedisServer.start();
  });
  afterEach(async () => {
    for (const gateway of gateways) await gateway.close();
    await redis.kill();
  });

  async function start(limits: Environment): Promise<void> {
    const env = { QRNG_REDIS_URL: redis.url, QRNG_API_KEYS_FILE: keys.path, ...limits };
    const one = await startGateway(env);
    gateways = [one, await startGateway({ ...one.env, QRNG_STATE_DIR: temporaryFolder() })];
    await one.fill(1024 * 1024);
  }

  /** `count` requests at once, to each gateway in turn. */
  function ask(count: number, headers: Record<string, string>, path = '/api/random'): Promise<Answer[]> {
    const [one, two] = gateways;
    return Promise.all(
      Array.from({ length: count }, (_, i) => (i % 2 === 0 ? one : two).request(path, { headers })),
    );
  }

  function statuses(answers: readonly Answer[]): Record<number, number> {
    const counts: Record<number, number> = {};
    for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }

  test('admit as many requests as one would, however they are spread', async () => {
    await start({
      QRNG_RATE_LIMIT_MAX: '30',
      QRNG_RATE_LIMIT_BURST: '30',
      QRNG_RATE_LIMIT_BLOCK_AFTER: '100',
    });
    const [one, two] = gateways;
    const first = await one.request('/api/random', { headers: keys.bearer('plain') });
    expect(first.headers['ratelimit']).toMatch(/^"window";r=29;t=\d+, "burst";r=29;t=1$/);
    for (let i = 0; i < 14; i++) {
      expect((await one.request('/api/random', { headers: keys.bearer('plain') })).status).toBe(200);
    }
    const second = await two.request('/api/random', { headers: keys.bearer('plain') });
    expect(second.headers['ratelimit']).toMatch(/^"window";r=14;/);
    const answers = await ask(60, keys.bearer('plain'));
    expect(statuses(answers)).toEqual({ 200: 14, 429: 46 });
    for (const { status, headers } of answers) {
      if (status === 429) expect(headers['retry-after']).toMatch(/^\d+$/);
    }
    expect(statuses(await ask(60, keys.bearer('brisk')))).toEqual({ 200: 30, 429: 30 });
  });

  test('block a client for both after its refusals at either', async () => {
    await start({ QRNG_RATE_LIMIT_MAX: '4', QRNG_RATE_LIMIT_BURST: '4', QRNG_RATE_LIMIT_BLOCK_AFTER: '6' });
    expect(statuses(await ask(10, keys.bearer('plain')))).toEqual({ 200: 4, 429: 6 });
    for (const gateway of gateways) {
      const { status, headers, text } = await gateway.request('/api/random', {
        headers: keys.bearer('plain'),
      });
      expect([status, text]).toEqual([429, expect.stringContaining('blocked')]);
      expect(Number(headers['retry-after'])).toBeGreaterThan(890);
    }
    expect(statuses(await ask(2, keys.bearer('frugal')))).toEqual({ 200: 2 });
  });

  test('refuse an address for both after it failed to authenticate at either, also with a valid key', async () => {
    await start({ QRNG_RATE_LIMIT_MAX: '8', QRNG_RATE_LIMIT_BURST: '8' });
    const wrong = { authorization: `Bearer ${'x'.repeat(40)}` };
    expect(statuses(await ask(8, wrong))).toEqual({ 401: 8 });
    expect(statuses(await ask(4, wrong, '/api/nothing'))).toEqual({ 429: 4 });
    expect(statuses(await ask(2, keys.bearer('plain')))).toEqual({ 429: 2 });
  });

  test('never give a client more than its quota, and give it all of that', async () => {
    await start({});
    expect(statuses(await ask(30, keys.bearer('frugal'), '/api/random?bytes=70'))).toEqual({
      200: 14,
      429: 16,
    });
    for (const gateway of gateways) {
      const { text, headers } = await gateway.request('/api/usage', { headers: keys.bearer('frugal') });
      expect(JSON.parse(text)).toMatchObject({ requests: expect.any(Number), bytes: 980, bytesLeft: 20 });
      expect(headers['ratelimit']).toBeDefined();
    }
    const [rest] = await ask(1, keys.bearer('frugal'), '/api/random?bytes=20');
    expect(rest?.headers['ratelimit']).toMatch(/"day";r=0;t=\d+$/);
    const [refused] = await ask(1, keys.bearer('frugal'), '/api/random?bytes=1');
    expect(refused?.status).toBe(429);
  });

  test('charge streams that are given up for all that was taken for them', async () => {
    await start({});
    const [one] = gateways;
    const headers = keys.bearer('plain');
    for (let round = 0; round < 30; round++) {
      const { body } = await request(`${one.url}/api/stream?bytes=1000000`, {
        dispatcher: one.agent,
        headers,
      });
      body.on('error', () => undefined);
      await once(body, 'readable');
      body.destroy();
      if (round % 3 === 0) await one.fill(100_000);
    }
    await until('all that was served is charged, and no more', async () => {
      const { text } = await one.request('/api/usage', { headers });
      const { bytes } = JSON.parse(text) as { bytes: number };
      return bytes === (await one.metric('qrng_entropy_served_bytes_total{client="plain"}'));
    });
  });

  test('tell at each what was used at both', async () => {
    await start({});
    await ask(10, keys.bearer('plain'), '/api/random?bytes=100');
    await ask(2, keys.bearer('plain'), '/api/integers?count=10');
    // Each tells the other within milliseconds.
    await until('both count everything', async () => {
      const answers = await ask(2, keys.bearer('plain'), '/api/usage');
      return answers.every(({ text }) => {
        const { requests, bytes } = JSON.parse(text) as { requests: number; bytes: number };
        return requests >= 13 && bytes > 1000;
      });
    });
    const [one, two] = (await ask(2, keys.bearer('plain'), '/api/usage')).map(
      ({ text }) => (JSON.parse(text) as { bytes: number }).bytes,
    );
    expect(one).toBe(two);
  });

  test('go on limiting, each by itself, while Redis is away, and remember the quota when it comes back empty', async () => {
    await start({
      QRNG_RATE_LIMIT_MAX: '20',
      QRNG_RATE_LIMIT_BURST: '20',
      QRNG_RATE_LIMIT_BLOCK_AFTER: '1000',
    });
    const [one] = gateways;
    expect(statuses(await ask(2, keys.bearer('frugal'), '/api/random?bytes=450'))).toEqual({ 200: 2 });
    await redis.kill();
    for (const gateway of gateways) {
      await until('Redis is missed', async () => (await gateway.metric('qrng_redis_up')) === 0);
    }
    const alone = Array.from({ length: 30 }, () =>
      one.request('/api/usage', { headers: keys.bearer('plain') }),
    );
    expect(statuses(await Promise.all(alone))).toEqual({ 200: 20, 429: 10 });
    await redis.restart();
    for (const gateway of gateways) {
      await until('Redis is back', async () => (await gateway.metric('qrng_redis_up')) === 1);
    }
    await until('the pool is fed', () =>
      one.fill(1024 * 1024).then(
        () => true,
        () => false,
      ),
    );
    expect(statuses(await ask(2, keys.bearer('frugal'), '/api/random?bytes=450'))).toEqual({ 429: 2 });
  });
});
