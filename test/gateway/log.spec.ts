import { afterEach, expect, test } from '@jest/globals';
import { GatewayProcess } from '../support/gateway-process.js';

let gateway: GatewayProcess;
afterEach(() => gateway.close());

test('each line is an event of the gateway with a message, and none contains a secret', async () => {
  gateway = await GatewayProcess.start({ QRNG_BUFFER_SIZ: '1', QRNG_REDIS_PREFIX: 'x' });
  await gateway.fill(1000);
  const { text } = await gateway.get('/api/random');
  expect(text).toMatch(/^[0-9a-f]{64}$/);
  const stranger = 'Bearer key-of-a-stranger-key-of-a-stranger';
  await gateway.request('/api/random?bytes=1', { headers: { authorization: stranger } });
  const { log } = gateway.run;
  gateway.run.child.kill('SIGTERM');
  await gateway.run.ended;

  for (const line of log) {
    expect(line).toMatchObject({ event: expect.any(String), msg: expect.any(String) });
  }
  const events = log.map(({ event }) => event);
  expect(events).toEqual(
    expect.arrayContaining(['unknown-setting', 'listening', 'request', 'stopping', 'stopped']),
  );
  expect(log.find(({ event }) => event === 'unknown-setting')?.['warning']).toContain('QRNG_BUFFER_SIZE');
  expect(log.filter(({ level }) => Number(level) >= 40).map(({ event }) => event)).toEqual([
    'replay-state-opened',
    'unknown-setting',
    'setting-without-effect',
  ]);
  expect(log.find(({ event }) => event === 'setting-without-effect')?.['warning']).toBe(
    'QRNG_REDIS_PREFIX has no effect without QRNG_REDIS_URL',
  );

  expect(log.find(({ event, route }) => event === 'request' && route === '/api/random')).toMatchObject({
    ...{
      level: 30,
      method: 'GET',
      status: 200,
      bytes: 64,
      source: '127.0.0.1',
      client: 'client-1',
      msg: 'request',
    },
    ...{
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      ms: expect.any(Number),
      time: expect.any(Number),
    },
  });

  const output = JSON.stringify(log) + gateway.run.errors;
  const { QRNG_HMAC_SECRET_KEY = '' } = gateway.env;
  for (const secret of [text, gateway.apiKey, QRNG_HMAC_SECRET_KEY, 'stranger']) {
    expect(output).not.toContain(secret);
  }
});

test('Nest logs modules and routes at the level debug alone', async () => {
  gateway = await GatewayProcess.start({ QRNG_LOG_LEVEL: 'debug' });
  const routes = gateway.run.log.filter(({ context }) => context === 'RouterExplorer');
  expect(routes.length).toBeGreaterThan(10);
  expect(routes.every(({ level }) => level === 20)).toBe(true);
});

test('of a stranger that asks too often it has the number instead of the lines; of a client each request', async () => {
  gateway = await GatewayProcess.start();
  for (let i = 0; i < 40; i++) await gateway.request('/api/random');
  for (let i = 0; i < 15; i++) await gateway.get('/api/status');
  gateway.run.child.kill('SIGTERM');
  await gateway.run.ended;
  const statuses = (status: number): number =>
    gateway.run.log.filter((line) => line['event'] === 'request' && line['status'] === status).length;
  const sums = gateway.run.log.filter(({ event }) => event === 'requests-left-out');
  const leftOut = sums.reduce((sum, { count }) => sum + Number(count), 0);
  expect(leftOut).toBeGreaterThan(0); // how many, the rate decides, and how fast this machine is
  expect(statuses(401) + statuses(429) + leftOut).toBe(40);
  expect(statuses(200)).toBe(15);
});

test('with QRNG_ACCESS_LOG=off no request is logged', async () => {
  gateway = await GatewayProcess.start({ QRNG_ACCESS_LOG: 'off' });
  await gateway.get('/health/live');
  gateway.run.child.kill('SIGTERM');
  await gateway.run.ended;
  expect(gateway.run.log.filter(({ event }) => event === 'request')).toEqual([]);
});
