/** SIGTERM and its like: what is in flight finishes, and nobody keeps the process from ending within ten seconds. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { GatewayProcess } from '../support/gateway-process.js';
import { until } from '../support/until.js';

let gateway: GatewayProcess;
beforeEach(async () => {
  gateway = await GatewayProcess.start();
});
afterEach(() => gateway.close());

/** A connection, and all that came back on it. */
async function open(): Promise<{ socket: TLSSocket; said: Promise<string> }> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
  const said = once(socket, 'close').then(() => Buffer.concat(chunks).toString());
  await once(socket, 'secureConnect');
  return { socket, said };
}

function isRefused(port: number): Promise<boolean> {
  const socket = connectTcp(port, '127.0.0.1');
  return once(socket, 'connect').then(
    () => {
      socket.destroy();
      return false;
    },
    () => true,
  );
}

const head = (bytes: number): string =>
  `POST /push HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\nContent-Length: ${bytes}\r\n\r\n`;

test('clients without a key that are silent, stop half way or drip do not hold it up', async () => {
  await open();
  (await open()).socket.write(`${head(4096)}QRNG`);
  const drip = (await open()).socket;
  drip.write(head(4096));
  const dripping = setInterval(() => drip.write('Q'), 1000).unref();
  connectTcp(Number(new URL(gateway.url).port), '127.0.0.1').on('error', () => undefined);
  await setTimeout(200);
  gateway.run.child.kill('SIGTERM');
  const end = await Promise.race([gateway.run.ended, setTimeout(10_000, 'not within ten seconds')]);
  clearInterval(dripping);
  expect(end).toEqual({ code: 0, signal: null });
});

test.each(['SIGINT', 'SIGUSR2', 'SIGQUIT'] as const)(
  '%s ends it in order, too; SIGUSR1 does nothing',
  async (signal) => {
    gateway.run.child.kill('SIGUSR1');
    await gateway.fill(1000);
    gateway.run.child.kill(signal);
    expect(await gateway.run.ended).toEqual({ code: 0, signal: null });
    expect(gateway.run.log.at(-1)).toMatchObject({ event: 'stopped', reason: signal });
  },
);

const ask = (path: string, key: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key}\r\n\r\n`;

test('what is in flight finishes, and each answer from the signal on is the last one on its connection', async () => {
  const [push, read, unknown] = [await open(), await open(), await open()];
  await gateway.fill(1000);
  const packet = gateway.collector.seal(randomBytes(64));
  push.socket.write(Buffer.concat([Buffer.from(head(packet.length)), packet.subarray(0, 50)]));
  for (const { socket } of [read, unknown]) {
    socket.write(ask('/health/live', ''));
    await once(socket, 'data');
  }
  gateway.run.child.kill('SIGTERM');
  await until('the gateway is not ready', async () => (await gateway.get('/health/ready')).status === 503);
  read.socket.write(ask('/api/random', gateway.apiKey));
  unknown.socket.write(ask('/api/random', 'nobody'));
  const fresh = await open();
  fresh.socket.write(ask('/health/live', ''));
  expect(await read.said).toMatch(/HTTP\/1\.1 200 [^]*connection: close\r\n[^]*\r\n\r\n[0-9a-f]{64}$/i);
  expect(await unknown.said).toMatch(/HTTP\/1\.1 401 [^]*connection: close\r\n[^]*unauthorized/i);
  expect(await fresh.said).toMatch(/^HTTP\/1\.1 503 [^]*connection: close\r\n[^]*shutting_down/i);
  await until('it does not listen any more', () => isRefused(Number(new URL(gateway.url).port)));
  push.socket.write(packet.subarray(50));
  expect(await push.said).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 1\r\n[^]*\r\n\r\n$/i);
  expect(await gateway.run.ended).toEqual({ code: 0, signal: null });
});

test('connections that never sent a request are ended at once, and do not hold it up', async () => {
  await gateway.close();
  gateway = await GatewayProcess.start({ QRNG_DRAIN_SECS: '60' });
  const silent = [await open(), await open()];
  const kept = await open();
  kept.socket.write(ask('/health/live', ''));
  await once(kept.socket, 'data');
  gateway.run.child.kill('SIGTERM');
  expect(await Promise.all(silent.map(({ said }) => said))).toEqual(['', '']);
  kept.socket.write(ask('/api/random', gateway.apiKey)); // it serves on for a minute
  expect(await kept.said).toMatch(/too-little-entropy/);
});

test('without a drain it stops listening at once', async () => {
  await gateway.close();
  gateway = await GatewayProcess.start({ QRNG_DRAIN_SECS: '0' });
  gateway.run.child.kill('SIGTERM');
  expect(await gateway.run.ended).toEqual({ code: 0, signal: null });
});

test('no push is taken from the signal on: its bytes would be wiped a moment later', async () => {
  await gateway.fill(1000);
  const received = await gateway.metric('qrng_entropy_received_bytes_total');
  gateway.run.child.kill('SIGTERM');
  await until('the gateway is not ready', async () => (await gateway.get('/health/ready')).status === 503);
  for (let i = 0; i < 10; i++) {
    const { status, headers } = await gateway.push(gateway.collector.seal(randomBytes(10)));
    expect([status, headers['retry-after']]).toEqual([503, '1']);
  }
  expect(await gateway.metric('qrng_entropy_received_bytes_total')).toBe(received);
});
