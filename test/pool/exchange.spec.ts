/** Gateways that count together over a real Redis: the exchange, and quotas leased in slices. */
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Clock } from '../../apps/gateway/src/clock.js';
import { QuotaSlices } from '../../apps/gateway/src/limits/quota-slices.js';
import { RateLimiter } from '../../apps/gateway/src/limits/rate-limiter.js';
import type { RatePolicy } from '../../apps/gateway/src/limits/rate-limiter.js';
import { RedisExchange } from '../../apps/gateway/src/limits/redis/redis-exchange.js';
import { SharedCounting } from '../../apps/gateway/src/limits/shared-counting.js';
import { UsageBook } from '../../apps/gateway/src/limits/usage-book.js';
import { RedisConnection } from '../../apps/gateway/src/redis/redis-connection.js';
import { describeWithRedis, RedisServer, silent, testDeployment } from '../support/redis-server.js';
import { TcpSwitch } from './tcp-switch.js';
import { until } from '../support/until.js';

const policy: RatePolicy = {
  max: 1000,
  windowMs: 3_600_000,
  burst: 1_000_000,
  burstMs: 1000,
  blockAfter: 1000,
  blockMs: 60_000,
};

/** What one gateway has of the limits. */
class Member {
  readonly clock = new Clock();
  readonly clients = new RateLimiter({
    now: () => this.clock.monotonic(),
    maxKeys: Infinity,
    isShared: true,
  });
  readonly networks = new RateLimiter({ now: () => this.clock.monotonic(), maxKeys: 10_000, isShared: true });
  readonly usage = new UsageBook(this.clock, true);
  readonly slices: QuotaSlices;
  readonly #counting: SharedCounting;

  private constructor(
    readonly redis: RedisConnection,
    /** How often Redis could be used, or could be used again. */
    readonly ups: () => number,
  ) {
    const exchange = new RedisExchange(redis, this.clock);
    this.slices = new QuotaSlices(exchange);
    this.#counting = new SharedCounting(exchange, this);
  }

  static async start(url: string): Promise<Member> {
    let ups = 0;
    const log = { ...silent, up: () => (ups += 1) };
    const member = new Member(await RedisConnection.open(url, log, testDeployment), () => ups);
    await member.#counting.onModuleInit();
    return member;
  }

  async stop(): Promise<void> {
    await this.#counting.onApplicationShutdown();
    this.redis.close();
  }

  /** Ends it without a word to the others. */
  kill(): void {
    this.redis.close();
  }

  /** Requests that are left to a client. */
  left(client: string): number {
    return this.clients.hit(client, policy).left;
  }

  /** Takes bytes of a quota as Quotas does; false when it is used up. */
  async take(client: string, bytes: number, bytesPerDay: number): Promise<boolean> {
    const day = this.usage.today();
    while (!this.slices.take(client, bytes, day)) {
      if (!(await this.slices.fetch({ client, day, need: bytes, bytesPerDay }))) return false;
    }
    this.usage.addBytes(client, bytes, day, true);
    return true;
  }
}

describeWithRedis('gateways that count together', () => {
  let server: RedisServer;
  const members: Member[] = [];
  beforeEach(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    for (const member of members.splice(0)) await member.stop();
    await server.kill();
  });

  async function start(url = server.url): Promise<Member> {
    const member = await Member.start(url);
    members.push(member);
    return member;
  }

  test('know what each other counted after one exchange, and count nothing twice', async () => {
    const [one, two, three] = [await start(), await start(), await start()];
    for (let i = 0; i < 10; i++) one.clients.hit('a', policy);
    for (let i = 0; i < 20; i++) two.clients.hit('a', policy);
    one.usage.countRequest('a');
    two.usage.addBytes('a', 500, two.usage.today(), false);
    await until('the third has heard of all', () => three.usage.of('a').bytes === 500);
    await setTimeout(300); // some exchanges more, in which nothing may be counted again
    expect(three.left('a')).toBe(1000 - 31);
    for (const member of [one, two, three]) {
      expect(member.usage.of('a')).toEqual({ requests: 1, bytes: 500 });
    }
  });

  test('share blocks and failed authentications', async () => {
    const [one, two] = [await start(), await start()];
    const strict = { ...policy, max: 2, blockAfter: 1 };
    for (let i = 0; i < 3; i++) one.networks.hit('192.0.2.1', strict);
    await until('the network is blocked at the other', () => {
      return two.networks.hit('192.0.2.1', { ...strict, max: Infinity }).refused === 'blocked';
    });
  });

  test('tell one that joins what was counted before', async () => {
    const [one, witness] = [await start(), await start()];
    for (let i = 0; i < 100; i++) one.clients.hit('a', policy);
    for (let i = 0; i < 7; i++) one.usage.countRequest('a');
    one.usage.addBytes('a', 300, one.usage.today(), false);
    await until('it was sent', () => witness.usage.of('a').bytes === 300);
    const two = await start();
    expect(two.usage.of('a')).toEqual({ requests: 7, bytes: 300 });
    expect(two.left('a')).toBe(899);
    await one.stop();
    members.splice(0, 1);
    const again = await start();
    expect(again.usage.of('a')).toEqual({ requests: 7, bytes: 300 });
  });

  test('count alone while Redis is away, go on together when it is back, and nothing twice', async () => {
    const [one, two] = [await start(), await start()];
    for (let i = 0; i < 10; i++) one.clients.hit('a', policy);
    one.usage.addBytes('a', 100, one.usage.today(), false);
    await until('both know', () => two.usage.of('a').bytes === 100);
    await server.kill();
    await until('both miss Redis', () => one.redis.fault !== undefined && two.redis.fault !== undefined);
    for (let i = 0; i < 5; i++) one.clients.hit('a', policy);
    for (let i = 0; i < 5; i++) two.clients.hit('a', policy);
    one.usage.addBytes('a', 20, one.usage.today(), false);
    two.usage.addBytes('a', 3, two.usage.today(), false);
    expect([one.left('a'), two.left('a')]).toEqual([984, 984]);
    await server.restart(); // and it has lost everything
    await until('both know all', () =>
      [one, two].every((member) => member.usage.of('a').bytes === 123 && member.redis.fault === undefined),
    );
    await setTimeout(300);
    expect([one.usage.of('a').bytes, two.usage.of('a').bytes]).toEqual([123, 123]);
    expect(one.left('a')).toBe(1000 - 23);
    const three = await start();
    await until('a third knows all', () => three.usage.of('a').bytes === 123);
  });

  test('count once what was sent and not answered', async () => {
    const proxy = await TcpSwitch.open(server.port);
    const [one, two] = [await start(`redis://127.0.0.1:${proxy.port}`), await start()];
    for (let round = 1; round <= 5; round++) {
      // Redis runs the script, and its answer is lost.
      proxy.loseAnswers();
      one.usage.addBytes('a', 10, one.usage.today(), false);
      one.clients.hit('a', policy);
      await until('it was counted', () => two.usage.of('a').bytes === 10 * round);
      proxy.disconnect();
      await until('it is back', () => one.redis.fault === undefined);
    }
    await setTimeout(300);
    expect([two.usage.of('a').bytes, one.usage.of('a').bytes]).toEqual([50, 50]);
    expect(two.left('a')).toBe(1000 - 6);
    proxy.close();
  });

  test('never give out more than a quota, and all of it, however it is asked for', async () => {
    const all = [await start(), await start(), await start()];
    const quota = 100_003;
    let taken = 0;
    const taker = async (member: Member, seed: number): Promise<void> => {
      for (let i = seed; ; i = (i * 7 + 3) % 1001) {
        const bytes = 1 + (i % 700);
        if (!(await member.take('a', bytes, quota))) break;
        taken += bytes;
        expect(taken).toBeLessThanOrEqual(quota);
      }
      while (await member.take('a', 1, quota)) taken++;
    };
    await Promise.all(all.flatMap((member, i) => [taker(member, i), taker(member, i + 10)]));
    expect(taken).toBe(quota);
  });

  test('give out what another has leased and does not need', async () => {
    const [one, two] = [await start(), await start()];
    const quota = 1_000_000;
    expect(await one.take('a', 100, quota)).toBe(true);
    expect(one.slices.left('a', one.usage.today())).toBeGreaterThan(10_000);
    expect(await two.take('a', quota - 100, quota)).toBe(true);
    expect(one.slices.left('a', one.usage.today())).toBe(0);
    expect([await one.take('a', 1, quota), await two.take('a', 1, quota)]).toEqual([false, false]);
  });

  test('give back what is left of a slice when they stop', async () => {
    const [one, two] = [await start(), await start()];
    expect(await one.take('a', 100, 1_000_000)).toBe(true);
    await one.stop();
    members.splice(0, 1);
    expect(await two.take('a', 999_900, 1_000_000)).toBe(true);
    expect(await two.take('a', 1, 1_000_000)).toBe(false);
  });

  test('that are killed take at most a 64th of the quota with them', async () => {
    const [one, two] = [await start(), await start()];
    expect(await one.take('a', 100, 640_000)).toBe(true);
    one.kill();
    expect(await two.take('a', 630_000 - 100, 640_000)).toBe(true);
  });

  test('exceed no quota when Redis loses what was claimed', async () => {
    const [one, two] = [await start(), await start()];
    const quota = 100_000;
    expect(await one.take('a', 40_000, quota)).toBe(true);
    expect(await two.take('a', 30_000, quota)).toBe(true);
    await server.kill();
    await until('both miss Redis', () => one.redis.fault !== undefined && two.redis.fault !== undefined);
    await server.restart();
    await until('one is back', () => one.redis.fault === undefined);
    expect(await one.take('a', 30_001, quota)).toBe(false);
    expect(await two.take('a', 30_000, quota)).toBe(true);
    expect(await one.take('a', 1, quota)).toBe(false);
  });

  test('exceed no quota when a primary comes back that has not heard of a failover', async () => {
    const replica = await RedisServer.start('--replicaof', `127.0.0.1 ${server.port}`);
    const proxy = await TcpSwitch.open(server.port);
    const url = `redis://127.0.0.1:${proxy.port}`;
    const [one, two] = [await start(url), await start(url)];
    const lead = async (port: number): Promise<void> => {
      proxy.target = port;
      const ups = [one.ups(), two.ups()] as const;
      proxy.disconnect();
      await until('both are at the new one', () => one.ups() > ups[0] && two.ups() > ups[1]);
    };
    const quota = 100_000;
    expect(await one.take('a', 10_000, quota)).toBe(true);
    await until('the replica has it', async () => {
      return String(await replica.command('INFO', 'replication')).includes('master_link_status:up');
    });
    await replica.command('REPLICAOF', 'NO', 'ONE');
    await lead(replica.port);
    expect(await one.take('a', 40_000, quota)).toBe(true);
    expect(await two.take('a', 20_000, quota)).toBe(true);
    await lead(server.port); // which knows of 10 000 bytes
    expect(await two.take('a', 30_001, quota)).toBe(false);
    expect(await one.take('a', 30_000, quota)).toBe(true);
    expect(await two.take('a', 1, quota)).toBe(false);
    proxy.close();
    await replica.kill();
  });

  test('spend what they have leased while Redis is away, and then refuse', async () => {
    const one = await start();
    const quota = 1_000_000;
    expect(await one.take('a', 100, quota)).toBe(true);
    const left = one.slices.left('a', one.usage.today());
    await server.kill();
    await until('Redis is missed', () => one.redis.fault !== undefined);
    expect(await one.take('a', left, quota)).toBe(true);
    await expect(one.take('a', 1, quota)).rejects.toMatchObject({ code: 'unavailable' });
    await server.restart();
    await until('it is back', () => one.redis.fault === undefined);
    expect(await one.take('a', quota - left - 100, quota)).toBe(true);
    expect(await one.take('a', 1, quota)).toBe(false);
  });

  test('charge a quota for what was taken before it was set', async () => {
    const [one, two] = [await start(), await start()];
    one.usage.addBytes('a', 900, one.usage.today(), false);
    await until('both know', () => two.usage.of('a').bytes === 900);
    expect(await two.take('a', 101, 1000)).toBe(false);
    expect(await two.take('a', 100, 1000)).toBe(true);
  });
});
