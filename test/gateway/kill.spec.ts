/** What `kill -9` at the worst moments leaves behind, in real processes. */
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { GatewayProcess, killAt } from '../support/gateway-process.js';

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
  test.each([
    ['record-unwritten', 204],
    ['record-synced', 409],
    ['packet-accepted', 409],
    ['packet-stored', 409],
  ])('at %s answers copies of the first two with 409, of the third with %i', async (place, third) => {
    const gateway = await start({}, killAt(place, 3));
    const packets = [1, 2, 3].map(() => gateway.collector.seal(randomBytes(1000)));
    const [one, two, three] = packets as [Buffer, Buffer, Buffer];
    expect([(await gateway.push(one)).status, (await gateway.push(two)).status]).toEqual([204, 204]);
    await expect(gateway.push(three)).rejects.toThrow();
    expect(await gateway.run.ended).toEqual({ code: null, signal: 'SIGKILL' });

    const again = await start(gateway.env);
    const answers = [];
    for (const packet of [one, two, three, three]) answers.push((await again.push(packet)).status);
    expect(answers).toEqual([409, 409, third, 409]);
    // What the killed process held is gone: lost, never served twice.
    expect(await again.metric('qrng_pool_bytes')).toBe(third === 204 ? 1000 : 0);
  });
});

test.each(['journal-written', 'journal-renamed'])(
  'a gateway that is killed while it starts, at %s, knows every packet at the next start',
  async (place) => {
    const gateway = await start();
    const packet = gateway.collector.seal(randomBytes(1000));
    expect((await gateway.push(packet)).status).toBe(204);
    await gateway.run.kill();
    await expect(start(gateway.env, killAt(place, 1))).rejects.toThrow('ended without listening');
    const again = await start(gateway.env);
    expect((await again.push(packet)).status).toBe(409);
  },
);

test('fifty copies of a packet at once: one is taken, also when a copy comes after kill -9', async () => {
  const gateway = await start();
  const packet = gateway.collector.seal(randomBytes(1000));
  const answers = await Promise.all(Array.from({ length: 50 }, () => gateway.push(packet)));
  const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
  expect(statuses).toEqual([204, ...Array<number>(49).fill(409)]);
  expect(await gateway.metric('qrng_pool_bytes')).toBe(1000);
  await gateway.run.kill();
  const again = await start(gateway.env);
  expect((await again.push(packet)).status).toBe(409);
});
