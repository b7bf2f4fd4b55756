/** Two gateways on one real Redis: one winner for each packet, and what they do while Redis is away or was emptied. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startGateway, temporaryFolder } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { describeWithRedis, RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';

const MIB = 1024 * 1024;

describeWithRedis('two gateways with one pool', () => {
  let redis: RedisServer;
  let one: TestGateway;
  let two: TestGateway;

  beforeEach(async () => {
    redis = await RedisServer.start();
    const env = {
      QRNG_REDIS_URL: redis.url,
      QRNG_RATE_LIMIT_MAX: '1000000',
      QRNG_RATE_LIMIT_BURST: '1000000',
    };
    one = await startGateway(env);
    two = await startGateway({ ...one.env, QRNG_STATE_DIR: temporaryFolder() });
  });
  afterEach(async () => {
    await one.close();
    await two.close();
    await redis.kill();
  });

  async function received(): Promise<number> {
    return Number(await redis.command('HGET', await redis.keyOf('pool'), 'received'));
  }

  test('take one of a hundred copies of a packet', async () => {
    const packet = one.collector.seal(randomBytes(1000));
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? one : two).push(packet)),
    );
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses).toEqual([204, ...Array<number>(99).fill(409)]);
    expect(await received()).toBe(1000);
  });

  test('refuse what was captured before Redis lost its data', async () => {
    const packet = one.collector.seal(randomBytes(1000));
    const held = one.collector.seal(randomBytes(1000));
    expect((await one.push(packet)).status).toBe(204);
    await redis.command('FLUSHALL');
    const answers = [await two.push(packet), await one.push(held)];
    expect(answers.map(({ status }) => status)).toEqual([422, 422]);
    expect((await two.push(one.collector.seal(randomBytes(1000)))).status).toBe(204);
    expect(await received()).toBe(1000);
  });

  test('without Redis stay ready while they serve what they hold, and serve nothing else', async () => {
    await one.fill(2 * MIB);
    expect((await one.get('/api/random?bytes=16')).status).toBe(200);
    await redis.kill();
    await until('it knows', async () => (await one.get('/health')).status === 503);
    const { status, text } = await one.get('/health/ready');
    expect([status, text]).toEqual([200, expect.stringMatching(/"fault":"Redis /)]);
    let served = 0;
    let answer = await one.get('/api/random?bytes=4096&encoding=binary');
    for (; answer.status === 200; served += 4096) {
      answer = await one.get('/api/random?bytes=4096&encoding=binary');
    }
    expect(served).toBeGreaterThan(0);
    expect(served).toBeLessThanOrEqual(128 * 1024);
    const push = await one.push(one.collector.seal(randomBytes(1000)));
    const health = await one.get('/health/ready');
    expect([answer, push, health].map(({ status }) => status)).toEqual([503, 503, 503]);
    for (const { headers } of [answer, push, health]) expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect((await one.get('/health/live')).status).toBe(200);
    expect(await one.metric('qrng_redis_up')).toBe(0);
  });

  test('reset a push whose fate is not known, and take a second copy of it only if the first was not', async () => {
    const packet = one.collector.seal(randomBytes(1000));
    redis.pause();
    await expect(one.push(packet)).rejects.toThrow();
    await until('it knows', async () => (await one.get('/health')).status === 503);
    redis.resume();
    await until('it is settled', async () => [204, 409].includes((await one.push(packet)).status));
    expect((await one.push(packet)).status).toBe(409);
    expect(await received()).toBe(1000);
  });
});
