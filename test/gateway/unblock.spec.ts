/** `npm run unblock`: who is blocked is listed, logged, and let in again without a restart. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { GatewayProcess } from '../support/gateway-process.js';
import { runTool } from '../support/run-tool.js';
import type { Outcome } from '../support/run-tool.js';
import { temporaryFolder } from '../support/gateway.js';
import { TestKeys } from '../support/api-keys.js';

const keys = new TestKeys({ web: { scopes: ['random', 'status'] }, quiet: { scopes: ['random', 'status'] } });
let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await GatewayProcess.start({
    QRNG_API_KEY: undefined,
    QRNG_API_KEYS_FILE: keys.path,
    QRNG_LOG_LEVEL: 'info',
    QRNG_RATE_LIMIT_MAX: '10',
    QRNG_RATE_LIMIT_BURST: '10',
    QRNG_RATE_LIMIT_BLOCK_AFTER: '3',
  });
});
afterAll(() => gateway.close());

const unblock = (...args: string[]): Promise<Outcome> =>
  runTool('unblock', args, { QRNG_STATE_DIR: gateway.env['QRNG_STATE_DIR'] ?? '' });

async function statusOf(headers: Record<string, string>): Promise<number> {
  return (await gateway.request('/api/usage', { headers })).status;
}

async function isBlocked(headers: Record<string, string>): Promise<boolean> {
  return (await gateway.request('/api/usage', { headers })).text.includes('blocked');
}

test('a client that went on is blocked, named, and let in again', async () => {
  expect((await unblock()).stdout).toBe('nobody is blocked\n');
  while (!(await isBlocked(keys.bearer('web'))));
  expect(await gateway.run.logged('client-blocked')).toMatchObject({ client: 'web' });
  expect((await unblock()).stdout).toMatch(/^client web: blocked for \d+ s more\n$/);
  expect((await unblock('quiet', 'web')).stdout).toBe('quiet: is not blocked\nweb: let in again\n');
  expect(await isBlocked(keys.bearer('web'))).toBe(false);
  expect(await gateway.run.logged('unblocked')).toMatchObject({ name: 'web' });
  expect(await statusOf(keys.bearer('quiet'))).toBe(200);
});

test('so is a network that failed to authenticate', async () => {
  const wrong = { authorization: `Bearer ${'x'.repeat(40)}` };
  let blocked = '';
  while (blocked === '') {
    await statusOf(wrong);
    blocked = /^network (\S+): blocked/m.exec((await unblock()).stdout)?.[1] ?? '';
  }
  expect(blocked).toBe('127.0.0.1');
  const { stdout } = await unblock('--json', blocked);
  expect(JSON.parse(stdout)).toEqual({ answers: ['127.0.0.1: let in again'] });
  expect((await unblock()).stdout).not.toContain('network');
});

test('where no gateway runs it says so', async () => {
  const { code, stderr } = await runTool('unblock', ['web'], { QRNG_STATE_DIR: '/nonexistent' });
  expect([code, stderr]).toEqual([1, expect.stringContaining('ENOENT')]);
  expect((await runTool('unblock', ['a b'], { QRNG_STATE_DIR: temporaryFolder() })).code).toBe(64);
});
