/** Where a gateway listens, and what it says of an address that it cannot use. */
import { execFileSync } from 'node:child_process';
import { afterEach, describe, expect, test } from '@jest/globals';
import { gatewayEnvironment } from '../support/gateway.js';
import { GatewayProcess, ProcessRun } from '../support/gateway-process.js';

const open: GatewayProcess[] = [];
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close();
});

async function start(env: Record<string, string>): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start(env);
  open.push(gateway);
  return gateway;
}

describe('exit code 78, and one line that names the variable and not its value', () => {
  test.each([
    '999.999.999.999:8080',
    '[....]:8080',
    '[127.0.0.1]:8080',
    'no-such-host.invalid:8080',
    '192.0.2.1:8080',
  ])('%s', async (address) => {
    const run = new ProcessRun(await gatewayEnvironment({ QRNG_LISTEN_ADDRESS: address }));
    expect(await run.ended).toEqual({ code: 78, signal: null });
    expect(run.errors).toMatch(/^QRNG_LISTEN_ADDRESS must be [^\n]+\n$/);
    expect(run.errors).not.toContain(address.slice(0, address.lastIndexOf(':')));
  });

  test('a port that is in use may be free later: exit code 75; an unknown variable is named beside it', async () => {
    const { host } = new URL((await start({})).url);
    const env = await gatewayEnvironment({ QRNG_LISTEN_ADDRESS: host, QRNG_LISTEN_ADRESS: 'x' });
    const run = new ProcessRun(env);
    expect(await run.ended).toEqual({ code: 75, signal: null });
    expect(run.errors).toMatch(
      /^QRNG_LISTEN_ADDRESS must be .*\(EADDRINUSE\)\nQRNG_LISTEN_ADRESS is not .* QRNG_LISTEN_ADDRESS\n$/,
    );
    expect(run.errors).not.toContain(host);
  });
});

test('a misspelt variable is named beside the one that is missing', async () => {
  const run = new ProcessRun(await gatewayEnvironment({ QRNG_STATE_DIR: undefined, QRNG_STATE_DIRR: '/x' }));
  expect((await run.ended).code).toBe(78);
  expect(run.errors).toMatch(/^QRNG_STATE_DIR must be [^\n]+\nQRNG_STATE_DIRR is not .* QRNG_STATE_DIR\n$/);
});

test('a name is one address: no second server that a reload does not reach', async () => {
  const gateway = await start({ QRNG_LISTEN_ADDRESS: 'localhost:0' });
  const pid = `pid=${gateway.run.child.pid},`;
  const sockets = execFileSync('ss', ['-H', '-l', '-n', '-t', '-p'], { encoding: 'utf8' }).split('\n');
  expect(sockets.filter((line) => line.includes(pid))).toHaveLength(1);
});

test('plain HTTP off loopback is warned of', async () => {
  const off = await start({ QRNG_TLS: 'off', QRNG_LISTEN_ADDRESS: '0.0.0.0:0' });
  expect(await off.run.logged('tls-off')).toMatchObject({ level: 40 });
  const local = await start({ QRNG_TLS: 'off' });
  expect(local.run.log.filter(({ event }) => event === 'tls-off')).toEqual([]);
});
