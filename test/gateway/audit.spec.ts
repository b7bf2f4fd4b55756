import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { connect } from 'node:tls';
import { afterEach, expect, test } from '@jest/globals';
import { startGateway, temporaryFolder } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { TestCollector } from '../support/test-collector.js';
import { until } from '../support/until.js';

const open: (TestGateway | GatewayProcess)[] = [];
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close();
});

interface Line {
  readonly event: string;
  readonly source?: string;
}

function trail(directory: string): Line[] {
  const files = readdirSync(directory).filter((name) => name.endsWith('.jsonl'));
  const text = files.map((file) => readFileSync(join(directory, file), 'utf8')).join('');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

function verify(directory: string, ...args: string[]): { status: number | null; output: string } {
  const verifier = resolve('dist/tools/audit-verify.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [verifier, directory, ...args], {
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

test('what is refused at /push is in the trail, with source, collector and sequence', async () => {
  const directory = temporaryFolder();
  const gateway = await startGateway({ QRNG_AUDIT_DIR: directory });
  open.push(gateway);
  const { collector } = gateway;
  const packet = collector.seal(randomBytes(32));
  const forged = new TestCollector(randomBytes(32).toString('hex')).seal(randomBytes(32));
  const now = BigInt(Date.now());
  const pushes = [
    [packet, 204],
    [packet, 409],
    [collector.seal(randomBytes(32), { sequence: 1n }), 409],
    [collector.seal(randomBytes(32), { timestamp: now - 301_000n }), 422],
    [collector.seal(randomBytes(32), { timestamp: now + 70_000n }), 422],
    [forged, 401],
    [Buffer.from('no packet'), 400],
  ] as const;
  for (const [body, status] of pushes) expect((await gateway.push(body)).status).toBe(status);
  open.pop();
  await gateway.close();
  const source = '127.0.0.1';
  expect(trail(directory)).toMatchObject([
    { event: 'started' },
    { event: 'replay', source, collector: 'collector-1', sequence: '1' },
    { event: 'conflict', source, collector: 'collector-1', sequence: '1' },
    { event: 'stale', source, collector: 'collector-1', sequence: '2' },
    { event: 'future', source, collector: 'collector-1', sequence: '3' },
    { event: 'hmac-failed', source, reason: 'unknown key id' },
    { event: 'stopped' },
  ]);
  expect(verify(directory).status).toBe(0);
});

test.each([
  ['asked for something before', true],
  ['did not', false],
])(
  'no line is without the source of a client that went as soon as it had sent, and %s',
  async (_, before) => {
    const directory = temporaryFolder();
    const gateway = await startGateway({ QRNG_AUDIT_DIR: directory });
    open.push(gateway);
    const forged = new TestCollector(randomBytes(32).toString('hex')).seal(randomBytes(32));
    const type = 'Content-Type: application/octet-stream';
    const head = `POST /push HTTP/1.1\r\nHost: a\r\n${type}\r\nContent-Length: ${forged.length}\r\n\r\n`;
    const requests = [
      Buffer.concat([Buffer.from(head), forged]),
      'GET /api/random HTTP/1.1\r\nHost: a\r\n\r\n',
    ];
    for (const request of requests) {
      const tcp = connectTcp(Number(new URL(gateway.url).port), '127.0.0.1');
      const socket = connect({ socket: tcp, rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      if (before) {
        socket.write('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
        await once(socket, 'data');
      }
      await new Promise((sent) => socket.write(request, sent));
      tcp.resetAndDestroy();
    }
    if (before) await until('both are in the trail', () => trail(directory).length >= 3);
    else await setTimeout(200);
    open.pop();
    await gateway.close();
    const lines = trail(directory).slice(1, -1);
    expect(lines.map(({ event, source }) => [event, source])).toEqual(
      before
        ? [
            ['hmac-failed', '127.0.0.1'],
            ['authentication-failed', '127.0.0.1'],
          ]
        : lines.map(({ event }) => [event, '127.0.0.1']),
    );
  },
);

test('the trail holds after kill -9 and a restart, and `audit:verify` says which line does not', async () => {
  const directory = temporaryFolder();
  const gateway = await GatewayProcess.start({ QRNG_AUDIT_DIR: directory });
  open.push(gateway);
  const packet = gateway.collector.seal(randomBytes(32));
  for (let count = 0; count < 5; count++) await gateway.push(packet);
  await gateway.run.kill();
  const again = await GatewayProcess.start(gateway.env);
  open.push(again);
  await again.push(packet);
  again.run.child.kill('SIGTERM');
  expect(await again.run.ended).toEqual({ code: 0, signal: null });

  expect(trail(directory).filter(({ event }) => event === 'replay').length).toBeGreaterThanOrEqual(1);
  expect(trail(directory).at(-1)).toMatchObject({ event: 'stopped', reason: 'SIGTERM' });
  expect(verify(directory)).toMatchObject({
    status: 0,
    output: expect.stringContaining('as they were written'),
  });
  expect(verify(directory, '--anchor', '0'.repeat(63) + '1').status).toBe(1);
  expect(verify(join(directory, 'nothing-here')).status).toBe(66);
  const [file = ''] = readdirSync(directory).filter((name) => name.endsWith('.jsonl'));
  const path = join(directory, file);
  writeFileSync(path, readFileSync(path, 'utf8').replace('"event":"replay"', '"event":"stale"'));
  const found = verify(directory);
  expect(found.status).toBe(1);
  expect(found.output).toContain(`${file}:3: does not follow the line before it`);
});

test('a trail that cannot be written shows in health and metrics; the pool is served all the same', async () => {
  const directory = temporaryFolder();
  const gateway = await startGateway({ QRNG_AUDIT_DIR: directory, QRNG_BUFFER_SIZE: '1000' });
  open.push(gateway);
  await gateway.fill(100);
  expect((await gateway.request('/health')).status).toBe(200);
  // Of the directory, the gateway would notice within half a second that it is gone, and end.
  const [name = ''] = readdirSync(directory).filter((file) => file.endsWith('.jsonl'));
  const file = join(directory, name);
  renameSync(file, `${file}.moved`);
  mkdirSync(file);
  await gateway.push(Buffer.alloc(0));
  await gateway.push(new TestCollector(randomBytes(32).toString('hex')).seal(randomBytes(32)));
  await until('health is 503', async () => (await gateway.request('/health')).status === 503);
  expect((await gateway.request('/health')).text).toContain('the audit trail cannot be written (EISDIR)');
  expect(await gateway.metric('qrng_audit_writable')).toBe(0);
  expect((await gateway.request('/health/ready')).status).toBe(200);
  rmdirSync(file);
  renameSync(`${file}.moved`, file);
  await until('health is 200', async () => (await gateway.request('/health')).status === 200);
  expect(await gateway.metric('qrng_audit_writable')).toBe(1);
});
