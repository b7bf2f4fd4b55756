import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { encodeReplay } from '../../apps/gateway/src/pool/replay/replay-file.js';
import { gatewayEnvironment, startGateway, temporaryFolder } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { GatewayProcess, ProcessRun } from '../support/gateway-process.js';

const HMAC_KEY = randomBytes(32).toString('hex');
const open: (TestGateway | GatewayProcess)[] = [];
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close();
});

test('a second gateway on the same state ends with 78 and one line; after kill -9 of the first it starts', async () => {
  const first = await GatewayProcess.start();
  open.push(first);
  const second = new ProcessRun(first.env);
  expect(await second.ended).toEqual({ code: 78, signal: null });
  expect(second.errors).toBe(
    'QRNG_STATE_DIR must be a directory of this process alone: another process is using it (ERR_SQLITE_ERROR)\n',
  );
  await first.run.kill();
  open.push(await GatewayProcess.start(first.env));
});

test('also after somebody removed both lock files: the directory itself is locked, and cannot be removed from under it', async () => {
  const first = await GatewayProcess.start();
  open.push(first);
  const folder = first.env['QRNG_STATE_DIR'] ?? '';
  for (const file of ['state.lock', 'audit/audit.lock']) rmSync(join(folder, file));
  const second = new ProcessRun(first.env);
  expect(await second.ended).toEqual({ code: 78, signal: null });
  expect(second.errors).toMatch(
    /^QRNG_STATE_DIR must be a directory of this process alone: .* \(EWOULDBLOCK\)\n$/,
  );
  await first.run.kill();
  open.push(await GatewayProcess.start(first.env));
});

test('where flock(1) is missing, a gateway whose lock was removed ends with 75 and one line', async () => {
  const gateway = await GatewayProcess.start({ PATH: '/nowhere' });
  open.push(gateway);
  rmSync(join(gateway.env['QRNG_STATE_DIR'] ?? '', 'state.lock'));
  expect(await gateway.run.ended).toEqual({ code: 75, signal: null });
  expect(gateway.run.errors).toBe(
    'QRNG_STATE_DIR is not locked any more: somebody deleted state.lock in it\n',
  );
});

test('the directories of state and audit trail may be one', async () => {
  const env = await gatewayEnvironment();
  const gateway = await startGateway({ ...env, QRNG_AUDIT_DIR: env['QRNG_STATE_DIR'] });
  open.push(gateway);
  await gateway.app.close();
  open.push(await startGateway(gateway.env));
});

test('a replay state that was deleted is noticed at the next start; what was taken before is refused', async () => {
  const first = await GatewayProcess.start();
  open.push(first);
  expect((await first.run.logged('replay-state-opened'))['found']).toBe('new');
  const packet = first.collector.seal(randomBytes(10));
  expect((await first.push(packet)).status).toBe(204);
  await first.stop();
  const folder = first.env['QRNG_STATE_DIR'] ?? '';
  rmSync(join(folder, 'replay-state'));
  const second = await GatewayProcess.start(first.env);
  open.push(second);
  expect((await second.run.logged('replay-state-opened'))['found']).toBe('missing');
  expect((await second.push(packet)).status).toBe(422);
  const audit = readdirSync(join(folder, 'audit')).map((file) =>
    readFileSync(join(folder, 'audit', file), 'utf8'),
  );
  expect(audit.join('')).toContain('"event":"state-lost"');
});

test('a replay state from a clock that was ahead, with packets taken then, is reported with its date', async () => {
  const env = await gatewayEnvironment();
  const folder = env['QRNG_STATE_DIR'] ?? '';
  mkdirSync(folder, { mode: 0o700 });
  const until = Date.now() + 365 * 86_400_000;
  const bounds = { clean: false, floor: until, bound: until + 1, newest: until };
  writeFileSync(join(folder, 'replay-state'), encodeReplay({ ...bounds, positions: new Map() }));
  const gateway = await startGateway(env);
  open.push(gateway);
  expect((await gateway.push(gateway.collector.seal(randomBytes(10)))).status).toBe(422);
  const date = new Date(until + 1).toISOString();
  for (const path of ['/health', '/api/status']) expect((await gateway.get(path)).text).toContain(date);
  expect(await gateway.metric('qrng_replay_blocked_seconds')).toBeGreaterThan(364 * 86_400);
});

test.each([
  ['QRNG_STATE_DIR', '/dev/null/state', 'ENOTDIR'],
  ['QRNG_STATE_DIR', '/proc/qrng/state', 'ENOENT'],
  ['QRNG_AUDIT_DIR', '/proc/qrng', 'ENOENT'],
])('a %s that cannot be made, such as %s, ends the gateway with 78', async (name, path, code) => {
  const run = new ProcessRun(await gatewayEnvironment({ [name]: path }));
  expect(await run.ended).toEqual({ code: 78, signal: null });
  expect(run.errors).toBe(`${name} must be a directory that this process can write (${code})\n`);
});

test('the state directory is for its owner alone', async () => {
  const gateway = await startGateway();
  open.push(gateway);
  expect(statSync(gateway.env['QRNG_STATE_DIR'] ?? '').mode & 0o777).toBe(0o700);
});

test('a replay state that cannot be read as a file ends the gateway with 78 and one line', async () => {
  const env = await gatewayEnvironment();
  const file = join(env['QRNG_STATE_DIR'] ?? '', 'replay-state');
  mkdirSync(file, { recursive: true });
  const run = new ProcessRun(env);
  expect(await run.ended).toEqual({ code: 78, signal: null });
  expect(run.errors).toBe('QRNG_STATE_DIR and QRNG_AUDIT_DIR must be usable: read failed (EISDIR)\n');
});

// A disk of one's own needs root.
(process.getuid?.() === 0 ? test : test.skip).each([
  ['gateway', 'full', 75, 'ENOSPC'],
  ['gateway', 'read-only', 78, 'EROFS'],
  ['collector', 'full', 75, 'ENOSPC'],
  ['collector', 'read-only', 78, 'EROFS'],
])('a %s whose disk is %s ends with %i and one line', async (app, how, code, fault) => {
  const disk = temporaryFolder();
  const main = resolve(`dist/apps/${app}/src/main.js`);
  const spoil = how === 'full' ? `cat /dev/zero > ${disk}/fill 2>/dev/null` : `mount -o remount,ro ${disk}`;
  const script = `mount -t tmpfs -o size=64k tmpfs ${disk} && mkdir ${disk}/state
    ${spoil}; exec ${process.execPath} ${main}`;
  const urls = { QRNG_APPLIANCE_URLS: 'https://127.0.0.1:9/', QRNG_PUSH_URL: 'https://127.0.0.1:9/push' };
  const own = app === 'gateway' ? await gatewayEnvironment() : { ...urls, QRNG_HMAC_SECRET_KEY: HMAC_KEY };
  const { status, stdout, stderr } = spawnSync('unshare', ['--mount', 'sh', '-c', script], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...own, QRNG_STATE_DIR: join(disk, 'state') },
  });
  expect([status, stdout, stderr]).toEqual([
    code,
    '',
    expect.stringMatching(new RegExp(`^QRNG_STATE_DIR [^\\n]*\\(${fault}\\)\\n$`)),
  ]);
});
