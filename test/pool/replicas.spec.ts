/** Several gateway processes on one real Redis, and what may go wrong between them. Needs `npm run build`. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { StatusDto } from '../../apps/gateway/src/api/report/status.dto.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { temporaryFolder } from '../support/gateway.js';
import { describeWithRedis, RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { Load } from './load.js';

const MIB = 1024 * 1024;

describeWithRedis('two gateways with one pool', () => {
  let redis: RedisServer;
  let gateways: GatewayProcess[];

  beforeEach(async () => {
    redis = await RedisServer.start();
    const first = await start();
    gateways = [first, await start(first)];
  });
  afterEach(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    await redis.kill();
  });

  /** Another gateway with the keys of `sibling`. */
  function start(sibling?: GatewayProcess): Promise<GatewayProcess> {
    return GatewayProcess.start({
      QRNG_RATE_LIMIT_MAX: '1000000',
      QRNG_RATE_LIMIT_BURST: '1000000',
      ...sibling?.env,
      QRNG_REDIS_URL: redis.url,
      QRNG_STATE_DIR: temporaryFolder(),
    });
  }

  /** The ledger in Redis; it must balance whenever one looks. */
  async function ledger(): Promise<Record<string, number>> {
    const reply = (await redis.command('HGETALL', await redis.keyOf('pool'))) as Record<string, string>;
    const {
      received = 0,
      served = 0,
      discarded = 0,
      stored = 0,
      leased = 0,
    } = Object.fromEntries(Object.entries(reply).map(([entry, bytes]) => [entry, Number(bytes)]));
    expect(received).toBe(served + discarded + stored + leased);
    return { received, served, discarded, stored, leased };
  }

  async function sum(series: string): Promise<number> {
    const values = await Promise.all(gateways.map((gateway) => gateway.metric(series)));
    return values.reduce<number>((total, value) => total + (value ?? 0), 0);
  }

  async function isHealthy(gateway: GatewayProcess): Promise<boolean> {
    return (await gateway.get('/health')).status === 200;
  }

  test('let a request wait at one of them for what comes in at the other', async () => {
    const [first, second] = gateways;
    const answer = second?.get('/api/random?bytes=5000&encoding=binary', { prefer: 'wait=30' });
    await first?.fill(4000);
    await first?.fill(4000);
    expect(await answer).toMatchObject({ status: 200, headers: { 'preference-applied': 'wait=30' } });
    await until('both gateways have reported', async () => (await ledger())['served'] === 5000);
  });

  test('know of each other what comes in: in their status, and where a stream of more than there is may begin', async () => {
    const [first, second] = gateways;
    const status = async () => JSON.parse((await second?.get('/api/status'))?.text ?? '') as StatusDto;
    await until('the second one knows', async () => {
      await first?.fill(100);
      return (await status()).feed.fed;
    });
    expect((await status()).throughput.inBytesPerSecond).toBeGreaterThan(0);
    const answer = second?.get('/api/stream?bytes=100000');
    const served = 'qrng_entropy_served_bytes_total{client="client-1"}';
    await until('it has what there was', async () => ((await second?.metric(served)) ?? 0) > 0);
    await first?.fill(100_000);
    expect((await answer)?.status).toBe(200);
  });

  test('serve 100 MB to 20 clients, each block once, and the counts balance', async () => {
    const total = 96 * MIB;
    const load = new Load(gateways, total);
    await load.run(20);
    await load.drain();
    const { served, twice, foreign } = load.entropy;
    expect({ served, twice, foreign }).toEqual({ served: total, twice: 0, foreign: 0 });
    expect(await sum('qrng_entropy_received_bytes_total')).toBe(total);
    expect(await sum('qrng_entropy_served_bytes_total{client="client-1"}')).toBe(total);
    await until('the counts balance', async () => (await sum('qrng_pool_bytes')) === 0);
    await until('both gateways have reported', async () => (await ledger())['served'] === total);
  });

  test('lose nothing but the pool when Redis is killed and restarted under load, and are back within 5 s', async () => {
    const total = 24 * MIB;
    const load = new Load(gateways, total);
    const running = load.run(20);
    await until('a third is delivered', () => load.delivered > total / 3);
    await redis.kill();
    for (const gateway of gateways) await until('it knows', async () => !(await isHealthy(gateway)));
    await redis.restart();
    for (const gateway of gateways) {
      await until('it is back', async () => (await gateway.metric('qrng_redis_up')) === 1, { ms: 5000 });
    }
    await running;
    await load.drain();
    const { twice, foreign, served } = load.entropy;
    expect({ twice, foreign }).toEqual({ twice: 0, foreign: 0 });
    expect(load.delivered + load.unknown).toBe(total);
    expect(served).toBeGreaterThan(total / 3);
    await ledger();
  });

  test('lose nothing but a lease when one of them is killed under load, and the ledger knows it', async () => {
    const total = 24 * MIB;
    const load = new Load(gateways, total);
    const running = load.run(20);
    for (const part of [0.2, 0.5]) {
      await until('the next part is delivered', () => load.delivered > total * part);
      const victim = gateways.shift();
      await victim?.run.kill();
      await ledger();
      gateways.push(await start(gateways[0]));
      await victim?.close();
    }
    await running;
    await load.drain();
    const { twice, foreign, served } = load.entropy;
    expect({ twice, foreign }).toEqual({ twice: 0, foreign: 0 });
    expect([load.delivered, load.unknown]).toEqual([total, 0]);
    const isSettled = async (): Promise<boolean> => (await ledger())['leased'] === 0;
    await until('the dead are counted out', isSettled);
    const { received, served: counted = 0, discarded, stored } = await ledger();
    expect({ received, stored }).toEqual({ received: total, stored: 0 });
    expect(served + (discarded ?? 0)).toBeGreaterThanOrEqual(total);
    expect(counted + (discarded ?? 0)).toBe(total);
  });

  test('count a lease as discarded on SIGTERM, and end with exit code 0', async () => {
    const [one, two] = gateways as [GatewayProcess, GatewayProcess];
    await one.fill(2 * MIB);
    await one.get('/api/random?bytes=16');
    await until('a lease is held', async () => ((await ledger())['leased'] ?? 0) > 0);
    one.run.child.kill('SIGTERM');
    expect(await one.run.ended).toEqual({ code: 0, signal: null });
    expect(await ledger()).toMatchObject({ received: 2 * MIB, served: 16, leased: 0 });
    const { stored = 0 } = await ledger();
    await until('the other one knows', async () => (await two.metric('qrng_pool_bytes')) === stored);
  });
});
