/** The attacks of `npm run siege`, small and all at once: what has to hold on any machine. The times are for the long form. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { attack, ATTACKS, sources } from '../bench/siege/attacks.js';
import { BOUNDS } from '../apps/gateway/src/bounds.js';
import { startGateway } from './support/gateway.js';
import type { TestGateway } from './support/gateway.js';
import { until } from './support/until.js';

/** Of the connections of the long form. */
const PART = 0.05;
const ROUNDS = 10;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
  await gateway.fill(100_000);
});
afterAll(() => gateway.close());

const held = async (): Promise<number> =>
  (await gateway.metric('qrng_connection_bytes{room="strangers"}')) ?? NaN;

test('all attacks at once keep no client and no collector out, and leave nothing behind', async () => {
  const { hostname: host, port } = new URL(gateway.url);
  const target = { host, port: Number(port) };
  const ends = Object.values(ATTACKS).map((kind) => attack(target, kind, sources(200), PART));
  await until('they are there', async () => (await held()) > 10 * BOUNDS.connectionBytes);
  for (let round = 0; round < ROUNDS; round++) {
    const pushed = await gateway.push(gateway.collector.seal(randomBytes(1000)));
    const drawn = await gateway.get('/api/random');
    expect([pushed.status, drawn.status]).toEqual([204, 200]);
    expect(await held()).toBeLessThanOrEqual(BOUNDS.strangersBytes);
  }
  for (const end of ends) end();
  await until('nothing is left', async () => (await held()) === 0);
});
