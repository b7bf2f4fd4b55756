/** A failover to a replica that lags behind: popped bytes are back there, and accepted packets are not known. */
import { randomBytes } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import { startGateway, temporaryFolder } from '../support/gateway.js';
import { describeWithRedis, RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { Load } from './load.js';
import { TcpSwitch } from './tcp-switch.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describeWithRedis('the fence', () => {
  test('drops the pool of a lagging replica, and lets no packet in a second time', async () => {
    const primary = await RedisServer.start();
    const link = await TcpSwitch.open(primary.port);
    const replica = await RedisServer.start('--replicaof', `127.0.0.1 ${link.port}`);
    const address = await TcpSwitch.open(primary.port);
    const env = { QRNG_REDIS_URL: `redis://127.0.0.1:${address.port}` };
    const one = await startGateway(env);
    const two = await startGateway({ ...one.env, QRNG_STATE_DIR: temporaryFolder() });
    closing.push(
      () => primary.kill(),
      () => replica.kill(),
      () => link.close(),
      () => address.close(),
      () => one.close(),
      () => two.close(),
    );

    const load = new Load([one, two], 1024 * 1024);
    await load.push('a', 512 * 1024);
    await until('the replica follows', async () => Number(await primary.command('WAIT', '1', '100')) === 1);
    link.freeze();
    for (let i = 0; i < 20; i++) {
      load.entropy.note((await one.get('/api/random?bytes=8192&encoding=binary')).body);
    }
    const accepted = one.collector.seal(randomBytes(1000));
    expect((await two.push(accepted)).status).toBe(204);
    const blocks = await replica.keyOf('blocks');
    expect(await replica.command('LLEN', blocks)).toBe(16); // none of the pops has come over

    await primary.kill();
    await replica.command('REPLICAOF', 'NO', 'ONE');
    address.target = replica.port;
    await until('the packet is answered', async () => (await two.push(accepted)).status === 422);
    for (const gateway of [one, two]) {
      await until('it is back', async () => (await gateway.metric('qrng_redis_up')) === 1);
      expect((await gateway.push(accepted)).status).toBe(422);
    }
    expect(await replica.command('LLEN', blocks)).toBe(0);
    await load.push('a', 512 * 1024);
    await load.drain();
    const { twice, foreign, served } = load.entropy;
    expect({ twice, foreign }).toEqual({ twice: 0, foreign: 0 });
    expect(served).toBeGreaterThanOrEqual(512 * 1024 + 20 * 8192);
    const fenced = [one, two].map(async (gateway) =>
      gateway.metric('qrng_entropy_discarded_bytes_total{reason="fence"}'),
    );
    expect((await Promise.all(fenced)).some((bytes) => (bytes ?? 0) > 0)).toBe(true);
  });
});
