/** Redis fails over and back, to servers that know less or other things; clocks disagree with Redis'. */
import { randomBytes } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import { startGateway, temporaryFolder } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import type { GatewayClient } from '../support/gateway-client.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { describeWithRedis, RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { TcpSwitch } from './tcp-switch.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function startServer(...settings: string[]): Promise<RedisServer> {
  const server = await RedisServer.start(...settings);
  closing.push(() => server.kill());
  return server;
}

async function startSwitch(port: number): Promise<TcpSwitch> {
  const address = await TcpSwitch.open(port);
  closing.push(() => address.close());
  return address;
}

async function start(env: Record<string, string | undefined>): Promise<TestGateway> {
  const gateway = await startGateway(env);
  closing.push(() => gateway.close());
  return gateway;
}

/** The status of a push; 0 for a reset, which says that the outcome is unknown. */
function push(gateway: GatewayClient, packet: Buffer): Promise<number> {
  return gateway.push(packet).then(
    ({ status }) => status,
    () => 0,
  );
}

async function pushed(gateway: GatewayClient, packets: readonly Buffer[]): Promise<Set<number>> {
  const statuses = new Set<number>();
  for (const packet of packets) statuses.add(await push(gateway, packet));
  return statuses;
}

const accepts = (gateway: GatewayClient, other = gateway): Promise<unknown> =>
  until(
    'a new packet is taken',
    async () => (await push(other, gateway.collector.seal(randomBytes(1)))) === 204,
  );

describeWithRedis('a fail-back', () => {
  /** A primary, its replica, and an address that leads to the primary. */
  async function pair(): Promise<{ primary: RedisServer; replica: RedisServer; address: TcpSwitch }> {
    const primary = await startServer();
    const replica = await startServer('--replicaof', `127.0.0.1 ${primary.port}`);
    const address = await startSwitch(primary.port);
    return { primary, replica, address };
  }

  /** The primary is cut off, and goes on by itself; the replica takes its place. */
  async function failOver({ replica, address }: Awaited<ReturnType<typeof pair>>): Promise<void> {
    await replica.command('REPLICAOF', 'NO', 'ONE');
    address.target = replica.port;
    address.disconnect();
  }

  function failBack({ primary, address }: Awaited<ReturnType<typeof pair>>): void {
    address.target = primary.port;
    address.disconnect();
  }

  test('to a server that never restarted takes nothing again that was taken elsewhere meanwhile', async () => {
    const servers = await pair();
    const gateway = await start({ QRNG_REDIS_URL: `redis://127.0.0.1:${servers.address.port}` });
    const captured = Array.from({ length: 10 }, () => gateway.collector.seal(randomBytes(100)));
    expect(await pushed(gateway, captured.slice(0, 5))).toEqual(new Set([204]));
    await failOver(servers);
    await accepts(gateway);
    const later = Array.from({ length: 30 }, () => gateway.collector.seal(randomBytes(100)));
    expect(await pushed(gateway, later)).toEqual(new Set([204]));
    failBack(servers);
    await accepts(gateway);
    const copies = await pushed(gateway, [...captured, ...later]);
    expect([...copies].every((status) => status === 409 || status === 422)).toBe(true);
  });

  test('shows also to gateways that were restarted in between: they remember the epoch', async () => {
    const servers = await pair();
    const gateway = await start({ QRNG_REDIS_URL: `redis://127.0.0.1:${servers.address.port}` });
    await accepts(gateway);
    await failOver(servers);
    await accepts(gateway);
    const captured = Array.from({ length: 30 }, () => gateway.collector.seal(randomBytes(100)));
    expect(await pushed(gateway, captured)).toEqual(new Set([204]));
    await gateway.close();
    closing.pop();
    failBack(servers);
    const again = await start(gateway.env);
    await accepts(gateway, again);
    const copies = await pushed(again, captured);
    expect([...copies].every((status) => status === 409 || status === 422)).toBe(true);
  });

  test('refuses what the gateways know to have been taken from a collector whose clock runs ahead', async () => {
    const servers = await pair();
    const gateway = await start({ QRNG_REDIS_URL: `redis://127.0.0.1:${servers.address.port}` });
    await failOver(servers);
    await accepts(gateway);
    const timestamp = BigInt(Date.now() + 40_000);
    const ahead = gateway.collector.seal(randomBytes(100), { timestamp });
    expect((await gateway.push(ahead)).status).toBe(204);
    failBack(servers);
    await until(
      'the pool is there again',
      async () => (await gateway.metric('qrng_replay_state_writable')) === 1,
    );
    expect((await gateway.push(ahead)).status).toBe(422);
    const next = gateway.collector.seal(randomBytes(100), { timestamp: timestamp + 1n });
    await until('what was exposed later is taken', async () => (await gateway.push(next)).status === 204);
  });

  test('the pool of the server that comes back is dropped, and counted', async () => {
    const servers = await pair();
    const gateway = await start({ QRNG_REDIS_URL: `redis://127.0.0.1:${servers.address.port}` });
    await gateway.fill(100_000);
    await failOver(servers);
    await accepts(gateway);
    failBack(servers);
    await accepts(gateway);
    expect(Number(await servers.primary.command('LLEN', await servers.primary.keyOf('blocks')))).toBeLessThan(
      20,
    );
    expect(await gateway.metric('qrng_entropy_discarded_bytes_total{reason="fence"}')).toBeGreaterThan(
      100_000,
    );
  });
});

describeWithRedis("Redis' clock", () => {
  /** A gateway whose clock is off. */
  async function startOff(
    server: RedisServer,
    ms: number,
    env: Record<string, string> = {},
  ): Promise<GatewayProcess> {
    const hook = `const { now } = Date; Date.now = () => now() + ${ms};`;
    const gateway = await GatewayProcess.start({ QRNG_REDIS_URL: server.url, ...env }, [
      '--import',
      `data:text/javascript,${encodeURIComponent(hook)}`,
    ]);
    closing.push(() => gateway.close());
    return gateway;
  }

  test.each([
    ['behind', -61_500],
    ['ahead of', 61_500],
  ])('a gateway that is more than the skew %s it is not ready, and says so', async (side, ms) => {
    const server = await startServer();
    const gateway = await startOff(server, ms);
    const { status, text } = await gateway.get('/health/ready');
    expect([status, text]).toEqual([503, expect.stringContaining(`${side} Redis' clock`)]);
    expect((await gateway.push(gateway.collector.seal(randomBytes(1)))).status).toBe(503);
    expect((await gateway.get('/api/status')).text).toContain(`${side} Redis' clock`);
  });

  test('alone decides what is fresh and where the floor is, also with a gateway whose clock is days ahead', async () => {
    const server = await startServer();
    await startOff(server, 5 * 86_400_000);
    const gateway = await start({ QRNG_REDIS_URL: server.url });
    const off = await startOff(server, 50_000, {
      QRNG_HMAC_SECRET_KEY: gateway.env['QRNG_HMAC_SECRET_KEY'] ?? '',
    });
    await accepts(gateway);
    await accepts(gateway, off);
    const stamped = (inMs: number): Buffer =>
      gateway.collector.seal(randomBytes(1), { timestamp: BigInt(Date.now() + inMs) });
    expect((await off.push(stamped(70_000))).status).toBe(422);
    expect((await off.push(stamped(-301_000))).status).toBe(422);
    expect((await off.push(stamped(58_000))).status).toBe(204);
  });

  test('a floor in the future is brought back where nothing was taken since, and reported where something was', async () => {
    const server = await startServer();
    const gateway = await start({ QRNG_REDIS_URL: server.url });
    const replay = await server.keyOf('replay');
    const inAYear = `${Date.now() + 365 * 86_400_000}`;
    await server.command('HSET', replay, '@floor', inAYear);
    await accepts(gateway);
    await server.command('HSET', replay, '@floor', inAYear, '@newest', inAYear);
    expect((await gateway.push(gateway.collector.seal(randomBytes(1)))).status).toBe(422);
    const date = new Date(Number(inAYear)).toISOString();
    for (const path of ['/health', '/api/status']) expect((await gateway.get(path)).text).toContain(date);
    expect(await gateway.metric('qrng_replay_blocked_seconds')).toBeGreaterThan(364 * 86_400);
  });
});

describeWithRedis('two deployments on one Redis', () => {
  test('serve their own bytes alone, with no setting but their keys', async () => {
    const server = await startServer();
    const [one, other] = [
      await start({ QRNG_REDIS_URL: server.url }),
      await start({ QRNG_REDIS_URL: server.url }),
    ];
    const data = randomBytes(100);
    expect((await one.push(one.collector.seal(data))).status).toBe(204);
    expect((await other.get('/api/random?bytes=100')).status).toBe(503);
    expect((await other.push(other.collector.seal(randomBytes(50)))).status).toBe(204);
    expect((await one.get('/api/random?bytes=100')).text).toBe(data.toString('hex'));
    expect((await one.get('/api/random?bytes=1')).status).toBe(503);
  });

  test('also where they have the same keys and another QRNG_REDIS_PREFIX', async () => {
    const server = await startServer();
    const one = await start({ QRNG_REDIS_URL: server.url });
    const other = await start({
      ...one.env,
      QRNG_STATE_DIR: temporaryFolder(),
      QRNG_REDIS_PREFIX: 'test',
    });
    expect((await one.push(one.collector.seal(randomBytes(100)))).status).toBe(204);
    expect((await other.get('/api/random?bytes=1')).status).toBe(503);
  });

  test('a replica without a key serves the only one there is, and none of two', async () => {
    const server = await startServer();
    const keyless = { QRNG_REDIS_URL: server.url, QRNG_INGEST: 'off', QRNG_HMAC_SECRET_KEY: undefined };
    const early = await start(keyless);
    expect((await early.get('/health')).text).toContain('not known to any gateway');
    const one = await start({ QRNG_REDIS_URL: server.url });
    await one.push(one.collector.seal(randomBytes(100)));
    await until('it is found', async () => (await early.get('/api/random?bytes=1')).status === 200);
    await start({ QRNG_REDIS_URL: server.url });
    const late = await start(keyless);
    expect((await late.get('/health')).text).toContain('has 2 deployments under this QRNG_REDIS_PREFIX');
  });

  test('a key that replaces another one leads to the same pool, also after Redis lost all that it knew', async () => {
    const server = await startServer();
    const [first, second, third] = [0, 1, 2].map(() => randomBytes(32).toString('hex')) as [
      string,
      string,
      string,
    ];
    const redis = { QRNG_REDIS_URL: server.url };
    const one = await start({ ...redis, QRNG_HMAC_SECRET_KEY: first });
    const two = await start({ ...redis, QRNG_HMAC_SECRET_KEY: second, QRNG_HMAC_SECRET_KEY_PREVIOUS: first });
    const three = await start({
      ...redis,
      QRNG_HMAC_SECRET_KEY: third,
      QRNG_HMAC_SECRET_KEY_PREVIOUS: second,
    });
    await one.push(one.collector.seal(randomBytes(100)));
    expect((await three.get('/api/random?bytes=50')).status).toBe(200);
    await server.command('FLUSHALL');
    await accepts(two);
    await two.push(two.collector.seal(randomBytes(100)));
    for (const gateway of [one, two, three]) {
      await until('it serves', async () => (await gateway.get('/api/random?bytes=10')).status === 200);
    }
    expect(await server.keyOf('pool')).toMatch(/^\{qrng\}:/);
  });
});
