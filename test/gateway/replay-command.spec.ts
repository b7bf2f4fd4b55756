/** `npm run replay`: a collector that is locked out is explained and taken again, at a running gateway, one at rest, and in Redis. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { startGateway, temporaryFolder } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { describeWithRedis, RedisServer } from '../support/redis-server.js';
import { runTool } from '../support/run-tool.js';
import type { Outcome } from '../support/run-tool.js';
import { until } from '../support/until.js';

const closing: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close();
});

interface Report {
  readonly positions: readonly { collector: string; sequence?: string; refused: readonly string[] }[];
  readonly notes: readonly string[];
}

async function start(env: Record<string, string | undefined> = {}): Promise<TestGateway> {
  const gateway = await startGateway(env);
  closing.push(gateway);
  return gateway;
}

const replay = (env: Record<string, string>, ...args: string[]): Promise<Outcome> =>
  runTool('replay', args, env);

async function show(env: Record<string, string>): Promise<Report> {
  const { code, stdout, stderr } = await replay(env, 'show', '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Report;
}

/** A thief of the key seals the highest number there is; from then on each packet of the collector is answered 409. */
async function lockOut(gateway: TestGateway): Promise<{ captured: Buffer; held: Buffer }> {
  const captured = gateway.collector.seal(randomBytes(8));
  const held = gateway.collector.seal(randomBytes(8));
  expect((await gateway.push(captured)).status).toBe(204);
  const highest = gateway.collector.seal(randomBytes(8), { sequence: 2n ** 64n - 1n });
  expect((await gateway.push(highest)).status).toBe(204);
  expect((await gateway.push(held)).status).toBe(409);
  return { captured, held };
}

async function expectTaken(
  gateway: TestGateway,
  { captured, held }: { captured: Buffer; held: Buffer },
): Promise<void> {
  const missing = await gateway.metric('qrng_sequence_missing_total{collector="collector-1"}');
  expect((await gateway.push(gateway.collector.seal(randomBytes(8)))).status).toBe(204);
  // What was exposed before is refused: nothing is taken a second time.
  expect((await gateway.push(captured)).status).toBe(422);
  expect((await gateway.push(held)).status).toBe(422);
  expect(await gateway.metric('qrng_sequence_missing_total{collector="collector-1"}')).toBe(missing);
}

test('at a running gateway', async () => {
  const gateway = await start();
  const env = { QRNG_STATE_DIR: gateway.env['QRNG_STATE_DIR'] ?? '' };
  const packets = await lockOut(gateway);
  const { positions, notes } = await show(env);
  expect(positions).toEqual([
    expect.objectContaining({
      collector: 'collector-1',
      refused: [expect.stringMatching(/^409: .*18446744073709551615/)],
    }),
  ]);
  expect(notes).toEqual([expect.stringContaining('a gateway runs on it')]);
  expect(await replay(env, 'forget', 'nobody')).toMatchObject({
    code: 0,
    stdout: 'nobody: has no position, so that there is nothing to forget.\n',
  });
  const { code, stdout } = await replay(env, 'forget', 'collector-1');
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/^collector-1: forgotten\. .* the next packet is taken/),
  ]);
  await expectTaken(gateway, packets);
  const folder = join(env.QRNG_STATE_DIR, 'audit');
  await until('the audit trail has it', () => {
    return readdirSync(folder).some((file) =>
      readFileSync(join(folder, file), 'utf8').includes('"position-forgotten"'),
    );
  });
  expect(existsSync(join(env.QRNG_STATE_DIR, 'forget.request'))).toBe(false);
});

test('at one that has stopped, by its env file', async () => {
  const gateway = await start();
  const packets = await lockOut(gateway);
  await gateway.close();
  closing.pop();
  const file = join(temporaryFolder(), 'gateway.env');
  writeFileSync(file, `QRNG_STATE_DIR=${gateway.env['QRNG_STATE_DIR'] ?? ''}\n`);
  expect((await replay({}, 'show', '--env', file)).stdout).toMatch(
    /collector-1: boot \d+, sequence 18446744073709551615/,
  );
  expect((await replay({}, 'forget', 'collector-1', '--env', file)).stdout).toContain('forgotten');
  const again = await start(gateway.env);
  const next = again.collector;
  next.boot = gateway.collector.boot;
  next.sequence = gateway.collector.sequence;
  await expectTaken(again, packets);
});

test('on a directory that is missing it says so, and makes none', async () => {
  const missing = join(temporaryFolder(), 'missing');
  const { code, stderr } = await runTool('replay', ['--state', missing], {});
  expect([code, stderr]).toEqual([1, `${missing} has no replay-state. Is it QRNG_STATE_DIR of a gateway?\n`]);
  expect(existsSync(missing)).toBe(false);
});

describeWithRedis('in Redis', () => {
  test('with the gateways running or not', async () => {
    const redis = await RedisServer.start();
    closing.push({ close: () => redis.kill() });
    const gateway = await start({ QRNG_REDIS_URL: redis.url });
    const env = { QRNG_REDIS_URL: redis.url };
    const packets = await lockOut(gateway);
    const { positions } = await show(env);
    expect(positions).toEqual([
      expect.objectContaining({ collector: 'collector-1', sequence: `${2n ** 64n - 1n}` }),
    ]);
    expect((await replay(env, 'forget', 'collector-1', 'nobody')).stdout).toMatch(
      /^collector-1: forgotten\. .*\nnobody: has no position/,
    );
    await expectTaken(gateway, packets);
    await redis.kill();
    expect(await replay(env, 'show')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Redis cannot be/),
    });
  });

  test('a collector that was taken in the future is named, with the date', async () => {
    const redis = await RedisServer.start();
    closing.push({ close: () => redis.kill() });
    const gateway = await start({ QRNG_REDIS_URL: redis.url, QRNG_CLOCK_SKEW_SECS: '60' });
    expect((await gateway.push(gateway.collector.seal(randomBytes(8)))).status).toBe(204);
    const key = await redis.keyOf('replay');
    const ahead = `${Date.now() + 86_400_000}`;
    const value = String(await redis.command('HGET', key, 'collector-1'));
    await redis.command(
      'HSET',
      key,
      'collector-1',
      ahead.padStart(20, '0') + value.slice(20),
      '@newest',
      ahead,
    );
    await until('the block names it', async () =>
      (await gateway.get('/api/status')).text.includes('packets of collector-1 until'),
    );
  });
});

test('what is no state, and a wrong call, end with one line that says so', async () => {
  const folder = temporaryFolder();
  expect(await replay({ QRNG_STATE_DIR: folder }, 'show')).toMatchObject({
    code: 1,
    stderr: `${folder} has no replay-state. Is it QRNG_STATE_DIR of a gateway?\n`,
  });
  expect((await replay({ QRNG_STATE_DIR: join(folder, 'none', 'such') }, 'forget', 'a')).code).toBe(1);
  rmSync(join(folder, 'none'), { recursive: true, force: true });
  for (const args of [['forget'], ['forget', 'NO NAME'], ['show', 'a'], ['delete']]) {
    expect((await replay({}, ...args)).code).toBe(64);
  }
  expect((await replay({}, '--help')).stdout).toContain('forget COLLECTOR');
});
