/** Appliance -> collector -> a carrier without answers -> gateway -> client: what arrives is what was given, in order, once. */
import { mkdtempSync, readdirSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { CollectorProcess, collectorEnvironment } from '../support/collector.js';
import { freePort } from '../support/free-port.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { startAppliance } from '../support/scene.js';
import { until } from '../support/until.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Chain {
  readonly gateway: TestGateway;
  readonly collector: CollectorProcess;
  readonly given: () => Buffer;
}

async function chain(receive: string, pushUrl: string, more: Record<string, string> = {}): Promise<Chain> {
  const { simulator, given } = await startAppliance({});
  const gateway = await startGateway({ QRNG_RECEIVE: receive });
  const env = await collectorEnvironment({
    QRNG_APPLIANCE_URLS: simulator.url,
    QRNG_PUSH_URL: pushUrl,
    QRNG_HMAC_SECRET_KEY: gateway.env['QRNG_HMAC_SECRET_KEY'],
    ...more,
  });
  const collector = new CollectorProcess(env);
  closing.push(
    () => simulator.close(),
    () => gateway.close(),
    () => collector.kill(),
  );
  return { gateway, collector, given };
}

/** Takes bytes from the gateway as they come and compares them with what the appliance gave after the start-up test. */
async function expectInOrder({ gateway, given }: Chain, bytes: number): Promise<void> {
  const served: Buffer[] = [];
  await until(`${bytes} bytes are served`, async () => {
    const { status, body } = await gateway.get('/api/random?bytes=1000&encoding=binary');
    if (status === 200) served.push(body);
    return served.length * 1000 >= bytes;
  });
  expect(given().includes(Buffer.concat(served))).toBe(true);
}

test('over udp, with telemetry that fits into a datagram', async () => {
  const port = await freePort();
  const scene = await chain(`udp://127.0.0.1:${port}`, `udp://127.0.0.1:${port}`);
  await expectInOrder(scene, 60_000);
  const status = await until('the collector is known by its heartbeat', async () => {
    const { collectors } = JSON.parse((await scene.gateway.get('/api/status')).text) as {
      collectors: { version: string | null; sources: { up: boolean }[] }[];
    };
    return collectors[0]?.sources[0]?.up === true && collectors[0];
  });
  expect(status.sources).toMatchObject([{ up: true }]);
  expect(await scene.gateway.metric('qrng_sequence_missing_total{collector="collector-1"}')).toBe(0);
  const { code, sent, delivered, unaccounted } = await scene.collector.stop();
  expect({ code, delivered, unaccounted }).toEqual({ code: 0, delivered: 0, unaccounted: 0 });
  expect(sent).toBeGreaterThanOrEqual(60_000);
});

test('over a spool that something else moves, over restarts and a full spool', async () => {
  const [here, there] = ['out', 'in'].map((name) => mkdtempSync(join(tmpdir(), `qrng-${name}-`))) as [
    string,
    string,
  ];
  const scene = await chain(`spool://${there}`, `spool://${here}`, { QRNG_SPOOL_MAX_BYTES: '65536' });
  await scene.collector.logged('push-full'); // nothing moves yet
  const mover = setInterval(() => {
    for (const name of readdirSync(here)) {
      if (name.endsWith('.qrng')) renameSync(join(here, name), join(there, name));
    }
  }, 20);
  closing.push(() => clearInterval(mover));
  await expectInOrder(scene, 100_000);
  const { code, unaccounted } = await scene.collector.stop();
  expect({ code, unaccounted }).toEqual({ code: 0, unaccounted: 0 });
});
