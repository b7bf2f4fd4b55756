/** What a gateway does with entropy that fails the health tests: QRNG_ON_BAD_ENTROPY. */
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { Clock } from '../../apps/gateway/src/clock.js';
import { startGateway } from '../support/gateway.js';
import type { Environment, TestGateway } from '../support/gateway.js';
import { TestCollector } from '../support/test-collector.js';
import { until } from '../support/until.js';

const BLOCK = 8192;
let gateway: TestGateway;
/** Moves the gateway's clock, which goes on by a second with each push, so that all of it is judged. */
let later: number;
afterEach(() => gateway.close());

async function start(env: Environment = {}): Promise<void> {
  gateway = await startGateway({ QRNG_BUFFER_SIZE: '4000000', ...env });
  const clock = gateway.app.get(Clock);
  const began = Math.ceil(clock.monotonic()); // whole, so that a second later is exactly that
  later = 0;
  clock.monotonic = () => began + later;
}

async function push(data: Buffer, collector = gateway.collector): Promise<number> {
  later += 1000;
  return (await gateway.push(collector.seal(data))).status;
}

const pool = (): Promise<number | undefined> => gateway.metric('qrng_pool_bytes');
const discarded = (): Promise<number | undefined> =>
  gateway.metric('qrng_entropy_discarded_bytes_total{reason="health"}');
const refused = (): Promise<number | undefined> =>
  gateway.metric('qrng_bad_entropy_refused{collector="collector-1"}');
const warnings = async (): Promise<string[]> => {
  const { text } = await gateway.get('/api/status');
  const { warnings: all } = JSON.parse(text) as { warnings: string[] };
  return all.filter((warning) => warning.includes('failed the health tests'));
};

test('empties the pool at the first block that fails, and stores nothing until enough has passed', async () => {
  await start();
  expect(await push(randomBytes(100_000))).toBe(204);
  expect(await pool()).toBe(100_000);
  expect(await push(Buffer.concat([randomBytes(50_000), Buffer.alloc(BLOCK * 2, 7)]))).toBe(204);
  expect(await pool()).toBe(0);
  expect((await gateway.get('/api/random?bytes=1')).status).toBe(503);
  expect(await warnings()).toEqual([
    expect.stringMatching(/^What collector collector-1 delivers .* discarded/),
  ]);
  expect(await refused()).toBe(1);
  // Others feed the gateway meanwhile, and what they deliver is served.
  const other = new TestCollector(gateway.env['QRNG_HMAC_SECRET_KEY'] ?? '', 'collector-2');
  expect(await push(randomBytes(1000), other)).toBe(204);
  expect(await push(Buffer.alloc(BLOCK, 9))).toBe(204);
  expect(await pool()).toBe(1000);
  for (let i = 0; i < 4; i++) expect(await push(randomBytes(BLOCK * 4))).toBe(204);
  expect(await pool()).toBe(1000);
  await push(randomBytes(BLOCK)); // blocks do not end where packets do
  expect(await refused()).toBe(0);
  expect(await push(randomBytes(500))).toBe(204);
  expect(await pool()).toBe(1500);
  const received = 100_000 + 50_000 + 2 * BLOCK + 1000 + BLOCK + 17 * BLOCK + 500;
  expect(await gateway.metric('qrng_entropy_received_bytes_total')).toBe(received);
  expect(await discarded()).toBe(received - 1500);
  later += 3_600_000;
  expect(await warnings()).toEqual([]);
});

test('refuses packets with 503 at the tenth block, takes heartbeats, and tests a new run before it is served', async () => {
  await start();
  expect(await push(Buffer.alloc(64 * 1024))).toBe(204);
  expect(await push(Buffer.alloc(64 * 1024))).toBe(204);
  expect(await push(randomBytes(1000))).toBe(503);
  expect((await gateway.push(gateway.collector.heartbeat(Buffer.alloc(0)))).status).toBe(204);
  expect(await warnings()).toEqual([
    expect.stringMatching(/refused \(503\) until it, or this gateway, is restarted/),
  ]);
  const folder = join(gateway.env['QRNG_STATE_DIR'] ?? '', 'audit');
  await until('both are in the audit trail', () => {
    const lines = readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('');
    return lines.includes('"doubtful: ') && lines.includes('"refused: ');
  });
  gateway.collector.restart();
  for (let i = 0; i < 16; i++) {
    expect(await push(randomBytes(2 ** 19))).toBe(204);
    expect(await pool()).toBe(0);
  }
  // A part of the first of them was not looked at: the window of that second was full.
  expect(await push(randomBytes(2 ** 19))).toBe(204);
  expect(await push(randomBytes(1000))).toBe(204);
  expect(await pool()).toBe(1000);
});

test('empties the pool also where a draw shows that it is not random', async () => {
  await start();
  await push(Buffer.alloc(8000, 0xff)); // less than a block
  await gateway.fill(200_000);
  expect((await gateway.get('/api/integers?count=1000&min=0&max=100')).status).toBe(503);
  expect(await pool()).toBe(0);
});

test('warn: everything is served, and reported', async () => {
  await start({ QRNG_ON_BAD_ENTROPY: 'warn' });
  for (let i = 0; i < 3; i++) expect(await push(Buffer.alloc(64 * 1024))).toBe(204);
  expect(await pool()).toBe(3 * 64 * 1024);
  expect(await warnings()).toEqual([expect.stringContaining('QRNG_ON_BAD_ENTROPY=warn lets them pass')]);
  expect(await refused()).toBe(0);
  expect(await gateway.metric('qrng_bad_entropy_total{collector="collector-1"}')).toBe(3);
});

test('a collector that sends what another one sent is found out', async () => {
  await start();
  const data = randomBytes(BLOCK * 2);
  await push(data);
  expect(await push(data, new TestCollector(gateway.env['QRNG_HMAC_SECRET_KEY'] ?? '', 'collector-2'))).toBe(
    204,
  );
  expect(await warnings()).toEqual([
    expect.stringContaining('collector-2 delivers failed the health tests (duplicate_source)'),
  ]);
});
