/** Limits, blocks, quotas and usage of two gateways that share a pool: limits at most one exchange late, quotas to the byte. */
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { request } from 'undici';
import { UsageBook } from '../../apps/gateway/src/limits/usage-book.js';
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

  test('admit as many requests as one would, once they have exchanged what they counted', async () => {
    await start({ QRNG_RATE_LIMIT_BLOCK_AFTER: '1000' });
    const [one, two] = gateways;
    const headers = keys.bearer('brisk');
    const first = await one.request('/api/random', { headers });
    expect(first.headers['ratelimit-policy']).toMatch(/^"window";q=50;w=60, /);
    expect(first.headers['ratelimit']).toMatch(/^"window";r=49;t=\d+, "burst";r=\d+;t=1$/);
    for (let i = 0; i < 14; i++) expect((await one.request('/api/random', { headers })).status).toBe(200);
    await until('the second has heard of them', () => two.app.get(UsageBook).of('brisk').requests === 15);
    const second = await two.request('/api/random', { headers });
    expect(second.headers['ratelimit']).toMatch(/^"window";r=34;/);
    await until('the first has heard of that', () => one.app.get(UsageBook).of('brisk').requests === 16);
    let admitted = 16;
    for (let i = 0; i < 60; i++) {
      const gateway = i % 2 === 0 ? one : two;
      const before = gateway === one ? two : one;
      const { status, headers: fields } = await gateway.request('/api/random', { headers });
      if (status === 200) {
        admitted++;
        const count = admitted;
        await until('the other has heard', () => before.app.get(UsageBook).of('brisk').requests === count);
      } else expect([status, fields['retry-after']]).toEqual([429, expect.stringMatching(/^\d+$/)]);
    }
    expect(admitted).toBe(50);
  });

  test('admit at most what each would while they have not exchanged anything', async () => {
    await start({
      QRNG_RATE_LIMIT_MAX: '30',
      QRNG_RATE_LIMIT_BURST: '30',
      QRNG_RATE_LIMIT_BLOCK_AFTER: '1000',
    });
    const answers = statuses(await ask(200, keys.bearer('plain')));
    expect(answers[200]).toBeGreaterThanOrEqual(30);
    expect(answers[200]).toBeLessThanOrEqual(60);
    for (const gateway of gateways) {
      await until('it has heard of the limit', async () => {
        const { status } = await gateway.request('/api/random', { headers: keys.bearer('plain') });
        return status === 429;
      });
    }
  });

  test('block a client for both after its refusals at either', async () => {
    await start({ QRNG_RATE_LIMIT_MAX: '4', QRNG_RATE_LIMIT_BURST: '4', QRNG_RATE_LIMIT_BLOCK_AFTER: '6' });
    const [one, two] = gateways;
    for (let i = 0; i < 10; i++) await one.request('/api/random', { headers: keys.bearer('plain') });
    await until('the other blocks it, too', async () => {
      const { status, headers, text } = await two.request('/api/random', { headers: keys.bearer('plain') });
      return status === 429 && text.includes('blocked') && Number(headers['retry-after']) > 890;
    });
    expect(statuses(await ask(2, keys.bearer('frugal')))).toEqual({ 200: 2 });
  });

  test('refuse an address for both after it failed to authenticate at either, and no valid key from there', async () => {
    await start({ QRNG_RATE_LIMIT_MAX: '8', QRNG_RATE_LIMIT_BURST: '8' });
    const [one, two] = gateways;
    const wrong = { authorization: `Bearer ${'x'.repeat(40)}` };
    for (let i = 0; i < 9; i++) await one.request('/api/random', { headers: wrong });
    await until('the other refuses it', async () => {
      return (await two.request('/api/nothing', { headers: wrong })).status === 429;
    });
    expect(statuses(await ask(2, keys.bearer('plain')))).toEqual({ 200: 2 });
  });

  test('never give a client more than its quota, and give it all of that', async () => {
    await start({});
    const headers = keys.bearer('frugal');
    expect(statuses(await ask(30, headers, '/api/random?bytes=70'))).toEqual({ 200: 14, 429: 16 });
    for (const gateway of gateways) {
      await until('it knows what was used', async () => {
        const { text } = await gateway.request('/api/usage', { headers });
        const { bytes, bytesLeft } = JSON.parse(text) as { bytes: number; bytesLeft: number };
        return bytes === 980 && bytesLeft === 20;
      });
    }
    const [rest] = await ask(1, headers, '/api/random?bytes=20');
    expect(rest?.headers['ratelimit']).toMatch(/"day";r=0;t=\d+$/);
    const [refused] = await ask(1, headers, '/api/random?bytes=1');
    expect([refused?.status, refused?.headers['ratelimit']]).toEqual([
      429,
      expect.stringMatching(/^"day";r=0;/),
    ]);
  });

  test('charge a draw for what it took, and leave the rest of its slice to the other', async () => {
    await start({});
    const [one, two] = gateways;
    const headers = keys.bearer('frugal');
    expect((await one.request('/api/integers?count=100&min=1&max=6', { headers })).status).toBe(200);
    const { text } = await one.request('/api/usage', { headers });
    const { bytesLeft } = JSON.parse(text) as { bytesLeft: number };
    expect(bytesLeft).toBeGreaterThan(900);
    expect((await two.request(`/api/random?bytes=${bytesLeft}`, { headers })).status).toBe(200);
    for (const gateway of gateways) {
      expect((await gateway.request('/api/random?bytes=1', { headers })).status).toBe(429);
    }
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
    await until('both count everything, and the same', async () => {
      const answers = await ask(2, keys.bearer('plain'), '/api/usage');
      const [one, two] = answers.map(({ text }) => JSON.parse(text) as { requests: number; bytes: number });
      return one !== undefined && one.requests >= 13 && one.bytes > 1000 && one.bytes === two?.bytes;
    });
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
