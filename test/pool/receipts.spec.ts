/** Receipts of gateways that share a pool: each has its own log, and any of them serves what another one accepted. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { packetsOf, parseReceipt, parseVerifierKey, verifyPacket, verifyProof } from '#libs/tlog';
import { startGateway, temporaryFolder } from '../support/gateway.js';
import type { Environment, TestGateway } from '../support/gateway.js';
import { describeWithRedis, RedisServer } from '../support/redis-server.js';
import { receiptSettings, SigningCollector } from '../support/signing-collector.js';
import { until } from '../support/until.js';

describeWithRedis('two gateways with one pool', () => {
  let redis: RedisServer;
  let gateways: TestGateway[];

  beforeEach(async () => {
    redis = await RedisServer.start();
    gateways = [];
  });
  afterEach(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    await redis.kill();
  });

  async function start(origin: string, env: Environment = {}): Promise<TestGateway> {
    const own = { QRNG_REDIS_URL: redis.url, QRNG_STATE_DIR: temporaryFolder() };
    const gateway = await startGateway({ ...env, ...own, ...receiptSettings(origin) });
    gateways.push(gateway);
    return gateway;
  }

  test('give receipts for packets that came in at either, signed by the collector at one of them', async () => {
    const first = await start('one.example.com/receipts');
    await start('two.example.com/receipts', first.env);
    let at = 0;
    // As a load balancer would: packets and statements go to either.
    const collector = new SigningCollector(first.collector, (packet) => {
      const gateway = gateways[at++ % 2] ?? first;
      return gateway.push(packet);
    });
    await until('packets are taken', async () => {
      try {
        await collector.send(randomBytes(100_000)); // more than a block of the pool
        return true;
      } catch {
        return false; // stamped before the floor of a pool that is new
      }
    });
    for (let i = 0; i < 4; i++) await collector.send(randomBytes(30_000));
    await collector.state();
    for (const gateway of gateways) {
      const logKey = parseVerifierKey((await gateway.request('/log/public-key')).text);
      const answer = await gateway.get('/api/random?bytes=65536&encoding=binary', {
        prefer: 'receipt, wait=5',
      });
      expect(answer.status).toBe(200);
      const index = String(answer.headers['qrng-receipt']);
      const receipt = await until('the collector has signed for all of it', async () => {
        const read = parseReceipt((await gateway.get(`/api/receipts/${index}`)).text);
        return read.proofs !== undefined && read;
      });
      verifyProof(receipt.proof, receipt.entryBytes, [logKey]);
      const packets = packetsOf(receipt.entry.lineage);
      expect(receipt.entry.lineage.reduce((sum, { length }) => sum + length, 0)).toBe(65_536);
      packets.forEach((packet, i) => {
        const proof = receipt.proofs?.[i];
        if (proof === undefined) throw new Error('no proof');
        verifyPacket(packet, proof, [parseVerifierKey(collector.publicKey)]);
      });
    }
  });

  test('give none for bytes that came in at a gateway without receipts', async () => {
    const plain = await startGateway({ QRNG_REDIS_URL: redis.url });
    gateways.push(plain);
    await until('packets are taken', () =>
      plain.fill(200_000).then(
        () => true,
        () => false,
      ),
    );
    const other = await start('two.example.com/receipts', plain.env);
    const refused = await other.get('/api/random', { prefer: 'receipt' });
    expect(refused.status).toBe(503);
    expect(refused.text).toContain('which packet');
    expect((await other.get('/api/random', { prefer: 'wait=5' })).status).toBe(200);
  });
});
