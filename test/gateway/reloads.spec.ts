/** Each file is reloaded on its own: one that cannot be used keeps no other from being taken, and everybody can see it. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { GatewayProcess } from '../support/gateway-process.js';
import { TestKeys } from '../support/api-keys.js';
import { temporaryFolder } from '../support/gateway.js';
import { describeWithRedis, RedisServer } from '../support/redis-server.js';
import { runTool } from '../support/run-tool.js';
import { TestCollector } from '../support/test-collector.js';
import { until } from '../support/until.js';

const ENTRIES = { operator: { scopes: ['random', 'status'] }, leaked: { scopes: ['random', 'status'] } };
const keys = new TestKeys(ENTRIES);
const hmacKey = randomBytes(32).toString('hex');
let gateway: GatewayProcess;
let hmacFile: string;
beforeEach(async () => {
  keys.write(ENTRIES);
  hmacFile = join(temporaryFolder(), 'hmac.key');
  writeFileSync(hmacFile, `${hmacKey}\n`);
  gateway = await GatewayProcess.start({
    QRNG_HMAC_SECRET_KEY: undefined,
    QRNG_HMAC_SECRET_KEY_FILE: hmacFile,
    QRNG_API_KEY: undefined,
    QRNG_API_KEYS_FILE: keys.path,
  });
});
afterEach(() => gateway.close());

async function warnings(): Promise<string[]> {
  const { text } = await gateway.request('/api/status', { headers: keys.bearer('operator') });
  return (JSON.parse(text) as { warnings: string[] }).warnings;
}

async function health(): Promise<unknown> {
  const { text } = await gateway.request('/health');
  return (JSON.parse(text) as { details: { reload: unknown } }).details.reload;
}

test.each([
  ['is damaged', () => writeFileSync(hmacFile, 'half a key')],
  ['is gone', () => rmSync(hmacFile)],
])(
  'an HMAC key file that %s keeps no API key from being disabled, and is seen everywhere',
  async (_, spoil) => {
    expect(await health()).toEqual({ status: 'up' });
    spoil();
    await until(
      'the reload is refused',
      async () => (await gateway.metric('qrng_reload_success{what="hmac-keys"}')) === 0,
    );
    keys.write({ ...ENTRIES, leaked: { ...ENTRIES.leaked, disabled: true } });
    await until('the leaked key is out', async () => {
      return (await gateway.request('/api/random', { headers: keys.bearer('leaked') })).status === 401;
    });
    expect(await gateway.metric('qrng_reload_success{what="api-keys"}')).toBe(1);
    expect(await warnings()).toContainEqual(expect.stringMatching(/^The HMAC keys on disk cannot be used/));
    expect(await health()).toEqual({ status: 'degraded', refused: ['hmac-keys'] });
    const outcomes = readFileSync(join(gateway.env['QRNG_STATE_DIR'] ?? '', 'reloads.json'), 'utf8');
    expect(JSON.parse(outcomes)).toContainEqual(expect.objectContaining({ what: 'api-keys' }));
    expect(JSON.parse(outcomes)).toContainEqual(
      expect.objectContaining({
        what: 'hmac-keys',
        refused: expect.stringContaining('QRNG_HMAC_SECRET_KEY') as unknown,
      }),
    );
    const packet = new TestCollector(hmacKey).seal(randomBytes(10));
    expect((await gateway.push(packet)).status).toBe(204); // the old one stays

    writeFileSync(hmacFile, hmacKey);
    await until(
      'all is well',
      async () => (await gateway.metric('qrng_reload_success{what="hmac-keys"}')) === 1,
    );
    expect(await warnings()).not.toContainEqual(expect.stringContaining('on disk cannot be used'));
    expect(await health()).toEqual({ status: 'up' });
  },
);

/** `qrng-dd reload` on the gateway. */
async function reloadCommand(): Promise<{ code: number | null; output: string }> {
  const args = ['--pid', String(gateway.run.child.pid), '--state-dir', gateway.env['QRNG_STATE_DIR'] ?? ''];
  const child = spawn(process.execPath, ['dist/tools/reload.js', ...args]);
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

test('the reload command fails when something is refused, and says what; else it ends once all is in use', async () => {
  expect(await reloadCommand()).toMatchObject({
    code: 0,
    output: expect.stringContaining('api-keys: in use') as unknown,
  });
  keys.writeText('no JSON');
  const { code, output } = await reloadCommand();
  expect(code).toBe(1);
  expect(output).toContain('api-keys: refused, the old ones stay in use: the file must be JSON');
  expect(output).toContain('hmac-keys: in use as on disk');
  keys.write(ENTRIES);
  writeFileSync(join(gateway.env['QRNG_STATE_DIR'] ?? '', 'reloads.json'), '[{'); // damaged, and so of no use
  expect((await reloadCommand()).code).toBe(0);
});

test('keys says whether the gateway uses the change, or refuses the file', async () => {
  const env = { QRNG_API_KEYS_FILE: keys.path, QRNG_STATE_DIR: gateway.env['QRNG_STATE_DIR'] ?? '' };
  expect(await runTool('keys', ['disable', 'leaked'], env)).toEqual({
    code: 0,
    stdout: '',
    stderr: `Disabled leaked in ${keys.path}.\nThe gateway uses the change.\n`,
  });
  expect((await gateway.request('/api/random', { headers: keys.bearer('leaked') })).status).toBe(401);
  expect((await runTool('keys', ['enable', 'leaked'], env)).stderr).toContain('The gateway uses the change.');
  // With a directory that no gateway has run with there is nobody to ask.
  const elsewhere = { ...env, QRNG_API_KEYS_FILE: join(temporaryFolder(), 'other.json') };
  const nowhere = { ...elsewhere, QRNG_STATE_DIR: temporaryFolder() };
  expect((await runTool('keys', ['create', 'y'], nowhere)).stderr).toBe(
    `Added y to ${elsewhere.QRNG_API_KEYS_FILE}.\nThis is the new key; it is shown this once:\n`,
  );
});

test('settings are taken over on SIGHUP, also by workers and their successors, or named as waiting for a restart', async () => {
  const file = join(temporaryFolder(), 'gateway.env');
  const leaked = randomBytes(32).toString('hex');
  const write = (...lines: string[]): void => writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  const ours = `operator:${randomBytes(32).toString('hex')}`;
  const before = gateway;
  const inFile = {
    QRNG_API_KEY: `${ours},leaked:${leaked}`,
    QRNG_RATE_LIMIT_MAX: '5',
    QRNG_LOG_LEVEL: 'info',
  };
  write(...Object.entries(inFile).map(([name, text]) => `${name}=${text}`));
  gateway = await GatewayProcess.start({
    ...before.env,
    ...inFile,
    ...{ QRNG_API_KEYS_FILE: undefined, QRNG_STATE_DIR: temporaryFolder() },
    ...{ QRNG_WORKERS: '2', QRNG_SETTINGS_PATH: file },
  });
  await before.close();
  const headers = { authorization: `Bearer ${ours.split(':')[1] ?? ''}` };
  const statuses = async (key: string): Promise<(number | undefined)[]> => {
    const authorization = `Bearer ${key}`;
    return Promise.all(
      Array.from({ length: 8 }, async () => {
        return (await gateway.request('/api/usage', { headers: { authorization } })).status;
      }),
    );
  };
  expect(await statuses(leaked)).toContain(200);

  write(
    `QRNG_API_KEY=${ours}`,
    'QRNG_RATE_LIMIT_MAX=1000',
    'QRNG_BUFFER_SIZE=100000',
    'QRNG_LOG_LEVEL=debug',
  );
  const { code, output } = await reloadCommand();
  expect([code, output]).toEqual([
    0,
    expect.stringContaining(
      'settings: in use as on disk, except for what only a restart changes: QRNG_BUFFER_SIZE\n',
    ),
  ]);
  await until('the leaked key is out, at every worker', async () => {
    return (await statuses(leaked)).every((status) => status === 401 || status === 429);
  });
  const policy = async (): Promise<unknown> =>
    (await gateway.request('/api/usage', { headers })).headers['ratelimit-policy'];
  await until('the new limit is in use', async () => String(await policy()).includes('q=1000;'));
  const { text } = await gateway.request('/api/status', { headers });
  expect((JSON.parse(text) as { warnings: string[] }).warnings).toContain(
    'Changed settings wait for a restart: QRNG_BUFFER_SIZE.',
  );
  expect(await health()).toEqual({ status: 'up', waitingForRestart: ['QRNG_BUFFER_SIZE'] });
  expect(await gateway.run.logged('settings-reloaded')).toMatchObject({
    changed: ['QRNG_API_KEY', 'QRNG_LOG_LEVEL', 'QRNG_RATE_LIMIT_MAX'],
    waiting: ['QRNG_BUFFER_SIZE'],
  });

  // A worker that dies is replaced by one that knows the same settings.
  const served = (await gateway.run.logged('request'))['pid'];
  process.kill(Number(served), 'SIGKILL');
  await gateway.run.logged('worker-ended');
  for (let i = 0; i < 4; i++) expect(await statuses(leaked)).not.toContain(200);
  await until('the new limit is in use', async () => String(await policy()).includes('q=1000;'));

  write(`QRNG_API_KEY=${ours}`, 'QRNG_RATE_LIMIT_MAX=none');
  const refused = await reloadCommand();
  expect(refused.code).toBe(1);
  expect(refused.output).toContain(
    'settings: refused, the old ones stay in use: QRNG_RATE_LIMIT_MAX must be a whole number of at least 1',
  );
  expect(await gateway.metric('qrng_reload_success{what="settings"}')).toBe(0);
  expect(await health()).toEqual({ status: 'degraded', refused: ['settings'] });
});

describeWithRedis('a leaked key that is disabled', () => {
  test('stops working while other files are refused, while Redis answers nothing, and while it is away', async () => {
    const redis = await RedisServer.start();
    const before = gateway;
    gateway = await GatewayProcess.start({
      ...gateway.env,
      QRNG_STATE_DIR: temporaryFolder(),
      QRNG_REDIS_URL: redis.url,
    });
    await before.close();
    const disable = async (disabled: boolean): Promise<void> => {
      keys.write({ ...ENTRIES, leaked: { ...ENTRIES.leaked, disabled } });
      await until(`it is ${disabled ? 'out' : 'in again'}`, async () => {
        const { status } = await gateway.request('/api/usage', { headers: keys.bearer('leaked') });
        return status === (disabled ? 401 : 200);
      });
    };
    try {
      writeFileSync(gateway.env['QRNG_TLS_CERT_FILE'] ?? '', 'no certificate');
      writeFileSync(hmacFile, 'half a key');
      await disable(true);
      await disable(false);
      redis.pause();
      await disable(true);
      await disable(false);
      redis.resume();
      await redis.kill();
      await disable(true);
      expect(await gateway.metric('qrng_reload_success{what="api-keys"}')).toBe(1);
      expect(await gateway.metric('qrng_reload_success{what="hmac-keys"}')).toBe(0);
      expect(await gateway.metric('qrng_reload_success{what="certificate"}')).toBe(0);
    } finally {
      redis.resume();
      await redis.kill();
    }
  });
});
