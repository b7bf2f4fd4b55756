/** What `kill -9` at the worst moments leaves behind, in real processes. */
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { GatewayProcess, killAt } from '../support/gateway-process.js';
import { until } from '../support/until.js';

const running: GatewayProcess[] = [];
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.close();
});

async function start(...args: Parameters<typeof GatewayProcess.start>): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start(...args);
  running.push(gateway);
  return gateway;
}

describe('a gateway that is killed while it admits its third packet', () => {
  test.each(['packet-accepted', 'packet-stored'])(
    'at %s refuses copies of all three forever, and takes packets exposed after its bound',
    async (place) => {
      const gateway = await start({}, killAt(place, 3));
      const packets = [1, 2, 3].map(() => gateway.collector.seal(randomBytes(1000)));
      const [one, two, three] = packets as [Buffer, Buffer, Buffer];
      expect([(await gateway.push(one)).status, (await gateway.push(two)).status]).toEqual([204, 204]);
      await expect(gateway.push(three)).rejects.toThrow();
      expect(await gateway.run.ended).toEqual({ code: null, signal: 'SIGKILL' });

      const again = await start(gateway.env);
      const copies = [];
      for (const packet of packets) copies.push((await again.push(packet)).status);
      expect(copies).toEqual([422, 422, 422]);
      // What the killed process held is gone: lost, never served twice.
      expect(await again.metric('qrng_pool_bytes')).toBe(0);
      await until(
        'a packet is taken again',
        async () => (await again.push(gateway.collector.seal(randomBytes(10)))).status === 204,
      );
      for (const packet of packets) expect((await again.push(packet)).status).toBe(422);
    },
  );
});

test('a gateway that is killed while it raises its bound has taken nothing beyond it', async () => {
  // The first write is that of the start.
  const gateway = await start({}, killAt('state-written', 2));
  const packet = gateway.collector.seal(randomBytes(1000));
  await expect(gateway.push(packet)).rejects.toThrow();
  const again = await start(gateway.env);
  expect((await again.push(packet)).status).toBe(204);
  expect((await again.push(packet)).status).toBe(409);
});

test.each(['state-written', 'state-renamed', 'state-synced'])(
  'a gateway that is killed while it starts, at %s, knows every packet at the next start',
  async (place) => {
    const gateway = await start();
    const packet = gateway.collector.seal(randomBytes(1000));
    expect((await gateway.push(packet)).status).toBe(204);
    await gateway.stop();
    await expect(start(gateway.env, killAt(place, 1))).rejects.toThrow('ended without listening');
    const again = await start(gateway.env);
    expect([409, 422]).toContain((await again.push(packet)).status);
  },
);

test('a gateway that is killed while it stops knows every packet at the next start', async () => {
  const gateway = await start({}, killAt('state-written', 3));
  const packet = gateway.collector.seal(randomBytes(1000));
  expect((await gateway.push(packet)).status).toBe(204);
  expect(await gateway.stop()).toEqual({ code: null, signal: 'SIGKILL' });
  const again = await start(gateway.env);
  expect((await again.push(packet)).status).toBe(422);
});

test('a gateway that stops by itself loses no packet: the next start goes on with its positions', async () => {
  const gateway = await start();
  const packet = gateway.collector.seal(randomBytes(1000));
  const refused = gateway.collector.seal(randomBytes(1000)); // exposed before the stop, and never taken
  expect((await gateway.push(packet)).status).toBe(204);
  expect(await gateway.stop()).toEqual({ code: 0, signal: null });
  const again = await start(gateway.env);
  expect((await again.push(packet)).status).toBe(409);
  expect((await again.push(refused)).status).toBe(204);
});

test('fifty copies of a packet at once: one is taken, also when a copy comes after kill -9', async () => {
  const gateway = await start();
  const packet = gateway.collector.seal(randomBytes(1000));
  const answers = await Promise.all(Array.from({ length: 50 }, () => gateway.push(packet)));
  const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
  expect(statuses).toEqual([204, ...Array<number>(49).fill(409)]);
  expect(await gateway.metric('qrng_pool_bytes')).toBe(1000);
  await gateway.run.kill();
  const again = await start(gateway.env);
  expect((await again.push(packet)).status).toBe(422);
});
