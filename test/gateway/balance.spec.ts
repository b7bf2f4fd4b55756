/** received = served + discarded + in the pool, in every scrape. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Clock } from '../../apps/gateway/src/clock.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
let clock: Clock;
beforeEach(async () => {
  gateway = await startGateway({ QRNG_BUFFER_TTL_SECS: '1' });
  clock = gateway.app.get(Clock);
});
afterEach(() => gateway.close());

/** What one scrape has, in bytes. */
async function scraped(): Promise<{ received: number; served: number; discarded: number; pool: number }> {
  const { text } = await gateway.request('/metrics');
  const sum = (name: string): number =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\d+)$`, 'gm'))].reduce(
      (total, [, bytes]) => total + Number(bytes),
      0,
    );
  return {
    received: sum('qrng_entropy_received_bytes_total'),
    served: sum('qrng_entropy_served_bytes_total'),
    discarded: sum('qrng_entropy_discarded_bytes_total'),
    pool: sum('qrng_pool_bytes'),
  };
}

test('the balance holds in the scrape that first finds bytes expired', async () => {
  await gateway.push(gateway.collector.seal(randomBytes(100)));
  await gateway.get('/api/random?bytes=10');
  const later = clock.monotonic() + 5000;
  clock.monotonic = () => later;
  expect(await scraped()).toEqual({ received: 100, served: 10, discarded: 90, pool: 0 });
});

test('and in one during which bytes expire', async () => {
  let at = clock.monotonic();
  clock.monotonic = () => at;
  for (let i = 0; i < 10; i++) {
    at += 90;
    await gateway.push(gateway.collector.seal(randomBytes(10)));
  }
  clock.monotonic = () => (at += 40); // at each look
  for (let i = 0; i < 30; i++) {
    const { received, served, discarded, pool } = await scraped();
    expect(served + discarded + pool).toBe(received);
  }
});
