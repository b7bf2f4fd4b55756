/** What gateways have leased from the pool in Redis: not to be had by others, and not lost from the count with its answer. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DirectoryLock } from '#libs/files';
import { Keyring, MacKey, openPacket } from '#libs/crypto';
import { RecentClients } from '../../apps/gateway/src/api/draw/recent-clients.js';
import { StreamQueue } from '../../apps/gateway/src/api/stream/stream-queue.js';
import { AuditLog } from '../../apps/gateway/src/audit/audit-log.js';
import { AuditTrail } from '../../apps/gateway/src/audit/audit-trail.js';
import { Clock } from '../../apps/gateway/src/clock.js';
import { GatewayMetrics } from '../../apps/gateway/src/metrics/gateway-metrics.js';
import { Warnings } from '../../apps/gateway/src/metrics/warnings.js';
import { EntropyService } from '../../apps/gateway/src/pool/entropy.service.js';
import { HealthReports } from '../../apps/gateway/src/pool/received/health-reports.js';
import { ReceivedHealth } from '../../apps/gateway/src/pool/received/received-health.js';
import { ReceivedQuality } from '../../apps/gateway/src/pool/received/received-quality.js';
import { lease } from '../../apps/gateway/src/pool/redis/lease-script.js';
import { PoolMemory } from '../../apps/gateway/src/pool/redis/pool-memory.js';
import { RedisPool } from '../../apps/gateway/src/pool/redis/redis-pool.js';
import { GatewaySettings } from '../../apps/gateway/src/settings.js';
import { RedisConnection } from '../../apps/gateway/src/redis/redis-connection.js';
import { temporaryFolder } from '../support/gateway.js';
import { describeWithRedis, RedisServer, silent, testDeployment } from '../support/redis-server.js';
import { TestCollector } from '../support/test-collector.js';
import { until } from '../support/until.js';

const hmacKey = randomBytes(32).toString('hex');
const keyring = new Keyring([MacKey.fromHex(hmacKey)]);
const options = { capacity: 1024 * 1024, overflow: 'discard', ttlMs: 0 } as const;

describeWithRedis('leases', () => {
  let server: RedisServer;
  let redis: RedisConnection;
  let collector: TestCollector;
  let memory: PoolMemory;
  const pools: RedisPool[] = [];

  beforeEach(async () => {
    server = await RedisServer.start();
    redis = await RedisConnection.open(server.url, silent, testDeployment);
    collector = new TestCollector(hmacKey);
  });
  afterEach(async () => {
    for (const pool of pools.splice(0)) await pool.close();
    redis.close();
    await server.kill();
  });

  async function openPool(
    onDiscard: (...what: [string, number]) => void = () => undefined,
  ): Promise<RedisPool> {
    memory = new PoolMemory(join(temporaryFolder(), 'shared-pool'));
    const window = { ttlMs: 300_000, skewMs: 60_000 };
    const pool = await RedisPool.open({ buffer: options, window, memory }, new Clock(), redis, onDiscard);
    pools.push(pool);
    await setTimeout(2); // nothing exposed up to now is taken
    return pool;
  }

  const admit = (pool: RedisPool, bytes: number) =>
    pool.admit(openPacket(collector.seal(randomBytes(bytes)), keyring));

  test('whose answer was lost count as discarded with the next report, and so do not fill the pool forever', async () => {
    const discarded: [string, number][] = [];
    const pool = await openPool((...what) => discarded.push(what));
    await admit(pool, 10_000);
    const [id = ''] = Object.keys(
      (await server.command('HGETALL', await server.keyOf('replicas'))) as object,
    );
    // What the gateway itself would send; nobody hears the answer.
    const { membership } = redis;
    const { epoch, newest } = memory.of(membership.space);
    const report = {
      membership,
      epoch,
      newest,
      seen: 0,
      skewMs: 60_000,
      ttlMs: 0,
      id,
      served: 0,
      dropped: 0,
    };
    await redis.runScript(lease, { ...report, held: 0, need: 4000, plenty: 0, reserve: 0 });
    await until('it is counted', () => discarded.length > 0);
    expect(discarded).toEqual([['lease', 4000]]);
    expect(pool.ledger()).toMatchObject({ received: 10_000, discarded: 4000, stored: 6000, leased: 0 });
  });

  test('are dropped by every gateway, with all that is in the pool, once one of them found it to be bad', async () => {
    const discarded = { one: 0, other: 0 };
    const one = await openPool((_, bytes) => (discarded.one += bytes));
    const other = await openPool((_, bytes) => (discarded.other += bytes));
    await admit(one, 200_000);
    expect(await one.prepare(1000)).toBe(true);
    expect(await other.prepare(1000)).toBe(true);
    one.discard();
    expect(one.take(1)).toBeUndefined();
    await until('the other one heard of it', () => other.take(1) === undefined);
    await until('all of it is counted', () => {
      const { stored, leased } = one.ledger();
      return stored === 0 && leased === 0;
    });
    expect(discarded.one + discarded.other + one.ledger().served).toBe(200_000);
    await admit(one, 1000);
    expect(await other.prepare(1000)).toBe(true);
  });

  test('of another gateway are in the pool and cannot be had: a stream asks for the rest', async () => {
    const [other, own] = [await openPool(), await openPool()];
    await admit(other, 10_000);
    await other.prepare(9000);
    await until('this gateway knows', () => own.level().reachable === 1000);
    expect(own.level().bytes).toBe(10_000);
    const clock = new Clock();
    const metrics = new GatewayMetrics();
    const folder = temporaryFolder();
    const log = await AuditLog.open(folder, new DirectoryLock(folder, 'audit.lock'));
    const audit = new AuditTrail(log, { retentionDays: 1, onLeftOut: () => undefined }, clock);
    const reports = new HealthReports(metrics, audit, clock, new Warnings());
    const quality = new ReceivedQuality(clock);
    const received = new ReceivedHealth(new GatewaySettings(), clock, quality, reports);
    const entropy = new EntropyService(own, metrics, clock, received);
    const queue = new StreamQueue(entropy, new RecentClients(clock), clock);
    const chunk = await new Promise<Buffer>((deliver) => {
      queue.enqueue({ client: 'a', bytes: 5000, deliver });
    });
    expect(chunk).toHaveLength(1000);
    queue.onApplicationShutdown();
  });
});
