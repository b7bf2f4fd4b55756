/** A lease whose answer never reached the gateway: its bytes are gone, and are counted as such. */
import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { Keyring, MacKey, openPacket } from '#libs/crypto';
import { Clock } from '../../apps/gateway/src/clock.js';
import { RedisPool } from '../../apps/gateway/src/pool/redis/redis-pool.js';
import { RedisConnection } from '../../apps/gateway/src/redis/redis-connection.js';
import { describeWithRedis, RedisServer, silent } from '../support/redis-server.js';
import { TestCollector } from '../support/test-collector.js';
import { until } from '../support/until.js';

const hmacKey = randomBytes(32).toString('hex');

describeWithRedis('a lease whose answer was lost', () => {
  test('is counted as discarded with the next report, so that it does not fill the pool for ever', async () => {
    const server = await RedisServer.start();
    const redis = await RedisConnection.open(server.url, silent);
    const options = { capacity: 1024 * 1024, overflow: 'discard', ttlMs: 0 } as const;
    const discarded: [string, number][] = [];
    const pool = await RedisPool.open(options, new Clock(), redis, (...what) => discarded.push(what));
    try {
      const packet = new TestCollector(hmacKey).seal(randomBytes(10_000));
      await pool.admit(openPacket(packet, new Keyring([MacKey.fromHex(hmacKey)])));
      const [id = ''] = Object.keys((await server.command('HGETALL', '{qrng}:replicas')) as object);
      // What the gateway itself would send; nobody hears the answer.
      const report = { nowMs: Date.now(), ttlMs: 0, id, served: 0, dropped: 0 };
      await redis.run((client) => client.lease({ ...report, held: 0, need: 4000, plenty: 0, reserve: 0 }));
      await until('it is counted', () => discarded.length > 0);
      expect(discarded).toEqual([['lease', 4000]]);
      expect(pool.ledger()).toMatchObject({ received: 10_000, discarded: 4000, stored: 6000, leased: 0 });
    } finally {
      await pool.close();
      redis.close();
      await server.kill();
    }
  });
});
