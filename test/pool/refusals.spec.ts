/** A Redis that is there and refuses what the gateway needs is found out by trying it, and so is that it does so no longer. */
import { afterEach, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { RedisConnection } from '../../apps/gateway/src/redis/redis-connection.js';
import { freePort } from '../support/free-port.js';
import { startGateway } from '../support/gateway.js';
import { describeWithRedis, RedisServer, silent, testDeployment } from '../support/redis-server.js';
import { until } from '../support/until.js';

const closing: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close();
});

async function startServer(...settings: string[]): Promise<RedisServer> {
  const server = await RedisServer.start(...settings);
  closing.push({ close: () => server.kill() });
  return server;
}

/** A node of a cluster. Its second port is 10000 above the first where it is not said, which may be none or taken. */
async function startNode(): Promise<{ server: RedisServer; busPort: number }> {
  const busPort = await freePort();
  return { server: await startServer('--cluster-enabled', 'yes', '--cluster-port', `${busPort}`), busPort };
}

async function connect(url: string): Promise<RedisConnection> {
  const redis = await RedisConnection.open(url, silent, testDeployment);
  closing.push(redis);
  return redis;
}

const withUser = (server: RedisServer): string => `redis://gateway:secret@127.0.0.1:${server.port}`;

describeWithRedis('while a gateway is connected', () => {
  test.each<
    [string, RegExp, (server: RedisServer) => Promise<unknown>, (server: RedisServer) => Promise<unknown>]
  >([
    [
      'a right that is taken away',
      /NOPERM .*'hset'/,
      (server) => server.command('ACL', 'SETUSER', 'gateway', '-hset'),
      (server) => server.command('ACL', 'SETUSER', 'gateway', '+hset'),
    ],
    [
      'keys that are taken away',
      /NOPERM/,
      (server) => server.command('ACL', 'SETUSER', 'gateway', 'resetkeys', '~other:*'),
      (server) => server.command('ACL', 'SETUSER', 'gateway', '~*'),
    ],
    [
      'memory that is used up',
      /OOM/,
      (server) => server.command('CONFIG', 'SET', 'maxmemory', '1'),
      (server) => server.command('CONFIG', 'SET', 'maxmemory', '0'),
    ],
    [
      'too few replicas',
      /NOREPLICAS/,
      (server) => server.command('CONFIG', 'SET', 'min-replicas-to-write', '1'),
      (server) => server.command('CONFIG', 'SET', 'min-replicas-to-write', '0'),
    ],
    [
      'a primary that becomes a replica',
      /read-only replica/,
      (server) => server.command('REPLICAOF', '127.0.0.1', '1'),
      (server) => server.command('REPLICAOF', 'NO', 'ONE'),
    ],
  ])('%s is seen without a packet, and so is its end', async (_, fault, take, give) => {
    const server = await startServer();
    await server.command('ACL', 'SETUSER', 'gateway', 'on', '>secret', '~*', '+@all');
    const redis = await connect(withUser(server));
    expect(redis.fault).toBeUndefined();
    await take(server);
    await until('the fault is seen', () => fault.test(redis.fault ?? ''), {
      describe: () => redis.fault ?? '',
    });
    await give(server);
    await until('its end is seen', () => redis.fault === undefined, { describe: () => redis.fault ?? '' });
    expect(await server.command('KEYS', '*probe*')).toEqual([]);
  });

  test('the metric is 0, and the gateway not ready, for as long', async () => {
    const server = await startServer();
    const gateway = await startGateway({ QRNG_REDIS_URL: server.url });
    closing.push(gateway);
    await gateway.fill(1024 * 1024);
    expect(await gateway.metric('qrng_redis_up')).toBe(1);
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    await until('it is down', async () => (await gateway.metric('qrng_redis_up')) === 0);
    expect((await gateway.push(gateway.collector.seal(randomBytes(8)))).status).toBe(507); // as for a pool that is full
    const { status, text } = await gateway.get('/health/ready');
    expect([status, text]).toEqual([503, expect.stringContaining('OOM')]);
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    await until('it is up again', async () => (await gateway.metric('qrng_redis_up')) === 1);
    await until('a packet is taken', async () => {
      return (await gateway.push(gateway.collector.seal(randomBytes(8)))).status === 204;
    });
  });
});

describeWithRedis('a Redis whose memory is full of the pool', () => {
  test('is emptied by those who draw, loses nothing over it, and takes packets again', async () => {
    const server = await startServer();
    const gateway = await startGateway({ QRNG_REDIS_URL: server.url });
    closing.push(gateway);
    await gateway.fill(4 * 1024 * 1024);
    const used = /used_memory:(\d+)/.exec(String(await server.command('INFO', 'memory')))?.[1];
    await server.command('CONFIG', 'SET', 'maxmemory', `${Number(used) - 1024 * 1024}`);
    expect((await gateway.push(gateway.collector.seal(randomBytes(8)))).status).toBe(507);
    const statuses = new Set<number>();
    await until('a packet is taken', async () => {
      statuses.add((await gateway.get('/api/random?bytes=65536&encoding=binary')).status);
      return (await gateway.push(gateway.collector.seal(randomBytes(8)))).status === 204;
    });
    expect([...statuses]).toEqual([200]);
    const ledger = async (entry: string): Promise<number> =>
      (await gateway.metric(`qrng_ledger_bytes{entry="${entry}"}`)) ?? NaN;
    await until('the books balance', async () => {
      const [received, ...others] = await Promise.all(
        ['received', 'served', 'discarded', 'stored', 'leased'].map(ledger),
      );
      return received === others.reduce((sum, bytes) => sum + bytes, 0) && (await ledger('discarded')) === 0;
    });
  });

  test.each(['pool', 'replicas', 'blocks', 'replay'])(
    'that evicts the key of its %s serves nothing twice, and its books balance again',
    async (name) => {
      const server = await startServer();
      const gateway = await startGateway({ QRNG_REDIS_URL: server.url, QRNG_RATE_LIMIT_BURST: '1000' });
      closing.push(gateway);
      await gateway.fill(1024 * 1024);
      const packet = gateway.collector.seal(randomBytes(100));
      expect((await gateway.push(packet)).status).toBe(204);
      await gateway.get('/api/random?bytes=65536&encoding=binary');
      await server.command('DEL', await server.keyOf(name));
      expect([409, 422]).toContain((await gateway.push(packet)).status);
      await until('a packet is taken', async () => {
        return (await gateway.push(gateway.collector.seal(randomBytes(50_000)))).status === 204;
      });
      await until('the books balance', async () => {
        const pool = await server.keyOf('pool');
        const [stored, leased] = (await server.command('HMGET', pool, 'stored', 'leased')) as string[];
        const blocks = (await server.command(
          'EVAL',
          "local n = 0 for i, v in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do if i % 2 == 0 then n = n + #v end end return n",
          '1',
          pool.replace(/pool$/, 'blocks'),
        )) as number;
        return Number(stored) === blocks && Number(leased ?? 0) >= 0;
      });
    },
  );
});

describeWithRedis('at the start', () => {
  test.each(['hincrby', 'lpop', 'xadd', 'expire', 'hvals'])('the right to %s is missed', async (command) => {
    const server = await startServer();
    await server.command('ACL', 'SETUSER', 'gateway', 'on', '>secret', '~*', '+@all', `-${command}`);
    const redis = await connect(withUser(server));
    expect([redis.refused, redis.fault]).toEqual([true, expect.stringContaining(`'${command}'`)]);
    await expect(startGateway({ QRNG_REDIS_URL: withUser(server) })).rejects.toThrow(
      /^QRNG_REDIS_URL must .*NOPERM/,
    );
  });

  test('memory that is used up, and a cluster without its slots, are waited for', async () => {
    const full = await startServer('--maxmemory', '1');
    const cluster = (await startNode()).server;
    const faults = [(await connect(full.url)).fault, (await connect(cluster.url)).fault];
    expect(faults).toEqual([expect.stringContaining('OOM'), expect.stringContaining('CLUSTERDOWN')]);
    const redis = await connect(full.url);
    expect(redis.refused).toBe(false);
    await full.command('CONFIG', 'SET', 'maxmemory', '0');
    await until('it is taken', () => redis.fault === undefined);
  });

  test('a node of a cluster that has other slots is none to be used', async () => {
    const { server: one } = await startNode();
    const { server: two, busPort } = await startNode();
    await one.command('CLUSTER', 'ADDSLOTSRANGE', '0', '8191');
    await two.command('CLUSTER', 'ADDSLOTSRANGE', '8192', '16383');
    await one.command('CLUSTER', 'MEET', '127.0.0.1', `${two.port}`, `${busPort}`);
    for (const node of [one, two]) {
      await until('the cluster is whole', async () => {
        return String(await node.command('CLUSTER', 'INFO')).includes('cluster_state:ok');
      });
    }
    const connections = [await connect(one.url), await connect(two.url)];
    const moved = await until('one of them is refused, the other is used', () => {
      const faults = connections.map(({ fault }) => fault ?? '');
      return faults.includes('') && faults.find((fault) => fault.includes('MOVED'));
    });
    // Which of them has the slot is known to Redis alone.
    expect(moved).not.toMatch(/127\.0\.0\.1/);
  });
});
