/** The limits in Redis decide as RateLimiter does in memory. */
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RateLimiter } from '../../apps/gateway/src/limits/rate-limiter.js';
import type { RatePolicy } from '../../apps/gateway/src/limits/rate-limiter.js';
import { SharedLimits } from '../../apps/gateway/src/limits/redis/shared-limits.js';
import { RedisConnection } from '../../apps/gateway/src/redis/redis-connection.js';
import { describeWithRedis, RedisServer, silent, testDeployment } from '../support/redis-server.js';

const policy: RatePolicy = { max: 5, windowSecs: 3600, burst: 100, blockAfter: 4, blockSecs: 60 };

describeWithRedis('SharedLimits', () => {
  let server: RedisServer;
  let redis: RedisConnection;
  beforeAll(async () => {
    server = await RedisServer.start();
    redis = await RedisConnection.open(server.url, silent, testDeployment);
  });
  afterAll(async () => {
    redis.close();
    await server.kill();
  });

  const clients = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 60 });
  const policies = fc.record({
    max: fc.integer({ min: 1, max: 12 }),
    windowSecs: fc.constant(3600),
    // In memory no time passes, in Redis a little: a second must not go by within a run.
    burst: fc.constant(1_000_000),
    blockAfter: fc.integer({ min: 1, max: 8 }),
    blockSecs: fc.integer({ min: 100, max: 200 }),
  });

  test('decide on any sequence of requests as in memory', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(clients, policies, async (names, limits) => {
        const shared = new SharedLimits(redis, policy, 1000);
        const local = new RateLimiter(() => 0, Infinity);
        run++;
        const verdicts = await Promise.all(
          names.map((name) =>
            shared.count({ network: 'n', client: { name: `${name}-${run}`, policy: limits } }),
          ),
        );
        for (const [i, name] of names.entries()) {
          const { waitMs, ...expected } = local.hit(name, limits);
          expect(verdicts[i]).toMatchObject({ of: 'client', ...expected });
          const tolerance = limits.windowSecs * (1000 / 64) + 1;
          expect(Math.abs((verdicts[i]?.waitMs ?? NaN) - waitMs)).toBeLessThan(tolerance + 5000);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('admit no more than max in any window, nor burst in any second, and again when time has passed', async () => {
    const limits = { max: 8, windowSecs: 1.5, burst: 3, blockAfter: 1000, blockSecs: 1 };
    const shared = new SharedLimits(redis, policy, 1000);
    const admitted: { sent: number; answered: number }[] = [];
    for (const end = Date.now() + 4000; Date.now() < end;) {
      await setTimeout(15);
      const sent = performance.now();
      const verdict = await shared.count({ network: 'n', client: { name: 'timed', policy: limits } });
      if (verdict?.refused === undefined) admitted.push({ sent, answered: performance.now() });
    }
    // Redis decided between `sent` and `answered`: what was answered so soon after another one was sent is surely close.
    for (const { sent } of admitted) {
      const within = (ms: number) =>
        admitted.filter((other) => other.sent >= sent && other.answered - sent < ms).length;
      expect(within(1500)).toBeLessThanOrEqual(8);
      expect(within(1000)).toBeLessThanOrEqual(3);
    }
    expect(admitted.length).toBeGreaterThan(5);
  });

  test('refuse a network after so many failures, also its clients, and block it when it goes on', async () => {
    const shared = new SharedLimits(redis, policy, 1000);
    const network = '192.0.2.1';
    const client = { name: 'late', policy };
    for (let i = 0; i < 5; i++) expect((await shared.count({ network }))?.refused).toBeUndefined();
    expect(await shared.count({ network, client })).toMatchObject({ of: 'network', refused: 'window' });
    expect(await shared.count({ network })).toMatchObject({ of: 'network', refused: 'window' });
    expect(await shared.count({ network })).toMatchObject({ refused: 'window' });
    expect(await shared.count({ network })).toMatchObject({
      refused: 'blocked',
      blockedNow: true,
      waitMs: 60_000,
    });
    expect(await shared.count({ network: '192.0.2.2', client })).toMatchObject({ of: 'client', left: 4 });
  });

  test('remember a bounded number of networks', async () => {
    const shared = new SharedLimits(redis, policy, 10);
    await Promise.all(Array.from({ length: 500 }, (_, i) => shared.count({ network: `2001:db8:${i}::/64` })));
    expect(await server.command('HLEN', await server.keyOf('networks'))).toBe(10);
  });

  async function calls(): Promise<number> {
    const stats = String(await server.command('INFO', 'commandstats'));
    return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  }

  test('ask about many requests in few calls', async () => {
    const shared = new SharedLimits(redis, policy, 1000);
    const before = await calls();
    const client = { name: 'busy', policy };
    await Promise.all(Array.from({ length: 150 }, () => shared.count({ network: 'n', client })));
    expect(await calls()).toBe(before + 2);
  });

  test('count a busy client in advance: few calls, and for two gateways together never more than its limit', async () => {
    const limits = { ...policy, max: 2000, burst: 1_000_000 };
    const client = { name: 'busier', policy: limits };
    const gateways = [new SharedLimits(redis, policy, 1000), new SharedLimits(redis, policy, 1000)];
    const before = await calls();
    let admitted = 0;
    let refused = 0;
    for (let i = 0; refused < 2; i++) {
      const shared = gateways[i % 2];
      const verdict = shared?.countNow('busier', limits) ?? (await shared?.count({ network: 'n', client }));
      if (verdict?.refused === undefined) admitted++;
      else refused++;
    }
    expect(admitted).toBeLessThanOrEqual(2000);
    expect(admitted).toBeGreaterThan(1000);
    expect((await calls()) - before).toBeLessThan(admitted / 2);
  });

  test('count requests that come together in advance, together', async () => {
    const limits = { ...policy, max: 1_000_000, burst: 1_000_000 };
    const client = { name: 'crowd', policy: limits };
    const shared = new SharedLimits(redis, policy, 1000);
    const before = await calls();
    for (let i = 0; i < 100; i++) {
      const verdicts = await Promise.all(
        Array.from(
          { length: 32 },
          async () => shared.countNow('crowd', limits) ?? shared.count({ network: 'n', client }),
        ),
      );
      expect(verdicts.every((verdict) => verdict !== undefined && verdict.refused === undefined)).toBe(true);
    }
    expect((await calls()) - before).toBeLessThan(50);
  });

  test('take a block from memory for a second, so that a client that goes on keeps Redis free', async () => {
    const limits = { ...policy, max: 1, burst: 1000, blockAfter: 1, blockSecs: 60 };
    const client = { name: 'stubborn', policy: limits };
    const shared = new SharedLimits(redis, policy, 1000);
    await shared.count({ network: 'n', client });
    const first = await shared.count({ network: 'n', client });
    expect(first).toMatchObject({ refused: 'blocked', blockedNow: true });
    const before = await calls();
    for (let i = 0; i < 100; i++) {
      const verdict = shared.countNow('stubborn', limits);
      expect(verdict).toMatchObject({ of: 'client', refused: 'blocked', blockedNow: false });
    }
    expect(await calls()).toBe(before);
  });

  test('count a client that comes now and then one by one', async () => {
    const limits = { ...policy, max: 100_000, burst: 1_000_000 };
    const shared = new SharedLimits(redis, policy, 1000);
    for (const left of [99_999, 99_998, 99_997]) {
      expect(shared.countNow('seldom', limits)).toBeUndefined();
      expect(await shared.count({ network: 'n', client: { name: 'seldom', policy: limits } })).toMatchObject({
        left,
      });
      await setTimeout(150);
    }
  });
});
