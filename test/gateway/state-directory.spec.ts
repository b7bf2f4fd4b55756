import { statSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import { gatewayEnvironment, startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { GatewayProcess, ProcessRun } from '../support/gateway-process.js';

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

test('a state directory that cannot be made ends the gateway with 78', async () => {
  const run = new ProcessRun(await gatewayEnvironment({ QRNG_STATE_DIR: '/dev/null/state' }));
  expect(await run.ended).toEqual({ code: 78, signal: null });
  expect(run.errors).toBe('QRNG_STATE_DIR must be a directory that this process can write (ENOTDIR)\n');
});

test('the state directory is for its owner alone', async () => {
  const gateway = await startGateway();
  open.push(gateway);
  expect(statSync(gateway.env['QRNG_STATE_DIR'] ?? '').mode & 0o777).toBe(0o700);
});
