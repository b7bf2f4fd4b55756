/** `qrng` against a real gateway: each command, what it writes, and what it ends with. Needs `npm run build`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import packageJson from '../../clients/qrng/package.json' with { type: 'json' };
import { freePort } from '../support/free-port.js';
import { startGateway } from '../support/gateway.js';
import type { Environment, TestGateway } from '../support/gateway.js';
import { consumerEnvironment, qrng, QRNG, QrngRun } from '../support/qrng-command.js';

let gateway: TestGateway;
let env: Environment;

beforeAll(async () => {
  gateway = await startGateway();
  env = await consumerEnvironment(gateway);
  await gateway.fill(4 * 1024 * 1024);
});
afterAll(() => gateway.close());

describe('draws', () => {
  test.each([
    ['bytes', /^[0-9a-f]{64}\n$/],
    ['bytes 5 --encoding base64', /^[A-Za-z0-9+/]{7}=\n$/],
    ['bytes 5 --encoding base64url --json', /^"[\w-]{7}"\n$/],
    ['bytes 100000', /^[0-9a-f]{200000}\n$/],
    ['bytes 70000 --mix', /^[0-9a-f]{140000}\n$/],
    ['integers 6 --min 1 --max 49 --unique', /^(\d{1,2}\n){6}$/],
    ['integers 3 --min -5 --max -1 --json', /^\[-[1-5],-[1-5],-[1-5]\]\n$/],
    ['floats 2', /^(0\.\d+(e-\d+)?\n){2}$/],
    ['gaussians 2 --mean 1e6 --stddev 0.5', /^((99999|100000)\d\.\d+\n){2}$/],
    ['gaussians --mean 123456789012345680000', /^1234567890123456\d+\n$/],
    ['strings 2 --length 5 --alphabet aä+&', /^([aä+&]{5}\n){2}$/],
    ['uuid 2', /^([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n){2}$/],
    ['uuid --version 7', /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n$/],
    ['permutation 3', /^([0-2]\n){3}$/],
    ['password', /^[A-Za-z0-9]{20}\n$/],
    ['password 2 --length 6 --alphabet 01', /^([01]{6}\n){2}$/],
  ])('%s', async (line, form) => {
    const args = line.split(' ');
    const mixes = line.includes('--mix') || line.startsWith('password') ? [[]] : [[], ['--mix']];
    for (const mix of mixes) {
      const { code, stdout, stderr } = await qrng(env, ...args, ...mix);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(form);
    }
  });

  test('binary is exactly the bytes', async () => {
    const { stdout } = await new QrngRun(['bytes', '70001', '--encoding', 'binary'], env).ended;
    expect(stdout).toHaveLength(70_001);
  });

  test.each([
    ['password', 64], // 20 letters of 62 take fewer than 64 bytes, but with probability 2^-64
    ['bytes 33 --mix', 64],
    ['bytes 33', 33],
  ])('%s takes %d bytes of the gateway', async (line, bytes) => {
    const before = await gateway.metric('qrng_entropy_served_bytes_total{client="client-1"}');
    await qrng(env, ...line.split(' '));
    const after = await gateway.metric('qrng_entropy_served_bytes_total{client="client-1"}');
    expect((after ?? 0) - (before ?? 0)).toBe(bytes);
  });
});

test('status says how full the pool is; with --json it is the answer of the gateway', async () => {
  expect((await qrng(env, 'status')).stdout).toMatch(/^pool {8}\d+\.\d % of 10485760 bytes, ready\n/);
  expect(JSON.parse((await qrng(env, 'status', '--json')).stdout)).toMatchObject({ pool: { ready: true } });
});

describe('exit code', () => {
  test('0 and the version', async () => {
    expect(await qrng({}, '--version')).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: '' });
  });

  test('0 and the help, which names every variable and exit code', async () => {
    const { code, stdout } = await qrng({}, '--help');
    expect(code).toBe(0);
    for (const word of ['QRNG_URL', 'QRNG_API_KEY', 'QRNG_CA_FILE', 'completion SHELL', '69', '78']) {
      expect(stdout).toContain(word);
    }
    expect((await qrng({}, 'integers', '--help')).stdout).toMatch(
      /^Usage: qrng integers \[COUNT\] \[OPTIONS\]\n/,
    );
  });

  test.each([
    ['', 'name a command'],
    ['frobnicate', 'there is no command "frobnicate"'],
    ['bytes zero', 'COUNT must be a whole number'],
    ['bytes 0', 'COUNT must be at least 1'],
    ['bytes --encoding utf8', '--encoding must be one of'],
    ['bytes --json --encoding binary', '--json has no binary'],
    ['integers 5 --min 6 --max 5', 'min must be at most max'],
    ['integers 7 --min 1 --max 6 --unique', 'count must be at most 6'],
    ['integers 1001', 'count must be a whole number from 1 to 1000'],
    ['gaussians --stddev 0', 'stddev must be a number above 0'],
    ['gaussians --mean NaN', 'must be a number'],
    ['strings --alphabet aa', 'each character once'],
    ['uuid --version 5', '--version must be one of 4, 7'],
    ['permutation', 'needs COUNT'],
    ['feed', 'choose one of'],
    ['feed --kernel --egd x', 'choose one of'],
    ['feed --kernel --limit 5', '--limit means nothing here'],
    ['feed --fifo x --every 5', '--every means nothing here'],
    ['feed --egd x --limit 0', '--limit must be from 1'],
    ['feed --egd x --mix', "Unknown option '--mix'"],
  ])('64 for "%s"', async (line, message) => {
    const { code, stdout, stderr } = await qrng(env, ...line.split(' ').filter((word) => word !== ''));
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test('64 for what only the gateway refuses', async () => {
    const small = await startGateway({ QRNG_MAX_REQUEST_BYTES: '100' });
    const { code, stderr } = await qrng(await consumerEnvironment(small), 'bytes', '101');
    await small.close();
    expect(code).toBe(64);
    expect(stderr).toContain('bytes must be a whole number from 1 to 100');
  });

  test('69 without a gateway', async () => {
    const { code, stdout, stderr } = await qrng(
      { ...env, QRNG_URL: `https://localhost:${await freePort()}` },
      'bytes',
    );
    expect({ code, stdout }).toEqual({ code: 69, stdout: '' });
    expect(stderr).toContain('no gateway at https://localhost:');
  });

  test.each(['bytes', 'bytes --mix', 'password', 'floats --mix', 'bytes 100000'])(
    '69 and no output with an empty pool: %s',
    async (line) => {
      const empty = await startGateway();
      const run = new QrngRun(line.split(' '), await consumerEnvironment(empty));
      if (line === 'bytes 100000') setTimeout(() => void empty.close(), 1000); // a stream waits for entropy
      const { code, stdout } = await run.ended;
      await empty.close();
      expect({ code, stdout: stdout.toString() }).toEqual({ code: 69, stdout: '' });
    },
  );

  test('69 when the certificate is of another CA', async () => {
    const { code, stderr } = await qrng({ ...env, QRNG_CA_FILE: '' }, 'bytes');
    expect(code).toBe(69);
    expect(stderr).toContain('is not trusted');
  });

  test('77 for a key that is not accepted', async () => {
    const { code, stderr } = await qrng({ ...env, QRNG_API_KEY: 'x'.repeat(32) }, 'bytes');
    expect(code).toBe(77);
    expect(stderr).toMatch(/\(request [0-9a-f-]{36}\)/);
  });

  test('78 without settings, with a line for each', async () => {
    const { code, stderr } = await qrng({ QRNG_CA_FILE: '/nope' }, 'bytes');
    expect(code).toBe(78);
    expect(stderr.trimEnd().split('\n')).toHaveLength(3);
  });

  test('74 when the output cannot be written', async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [QRNG, 'bytes'], {
      env: { ...process.env, ...env },
      stdio: ['ignore', full, 'ignore'],
    });
    closeSync(full);
    expect((await once(child, 'close'))[0]).toBe(74);
  });

  test('74, and nothing to read, when nobody reads on', async () => {
    const run = new QrngRun(['bytes', '1000000', '--encoding', 'binary'], env);
    run.child.stdout?.once('data', () => run.child.stdout?.destroy());
    const { code, stderr } = await run.ended;
    expect({ code, stderr }).toEqual({ code: 74, stderr: '' });
  });
});

describe('--wait', () => {
  test('waits for a gateway that is not there yet', async () => {
    const port = await freePort();
    const run = new QrngRun(['bytes', '16', '--wait'], { ...env, QRNG_URL: `https://localhost:${port}` });
    await run.said('waiting');
    const late = await startGateway({
      QRNG_LISTEN_ADDRESS: `127.0.0.1:${port}`,
      QRNG_API_KEY: gateway.apiKey,
    });
    await late.fill(1024 * 1024);
    const { code, stdout } = await run.ended;
    await late.close();
    expect(code).toBe(0);
    expect(stdout.toString()).toMatch(/^[0-9a-f]{32}\n$/);
  });

  test('waits for entropy as long as Retry-After says, or a little longer', async () => {
    const empty = await startGateway();
    const { headers } = await empty.get('/api/random');
    const asked = Number(headers['retry-after']);
    const run = new QrngRun(['bytes', '16', '--wait'], await consumerEnvironment(empty));
    await run.said('waiting');
    run.child.kill();
    await empty.close();
    const waiting = Number(/; waiting (\d+) s/.exec(run.stderr)?.[1]);
    expect(asked).toBeGreaterThan(0);
    expect(waiting).toBeGreaterThanOrEqual(asked);
    expect(waiting).toBeLessThanOrEqual(asked * 1.1 + 2);
  });

  test('waits when the key is limited', async () => {
    const limited = await startGateway({ QRNG_RATE_LIMIT_MAX: '1', QRNG_RATE_LIMIT_WINDOW_SECS: '3' });
    await limited.fill(1024 * 1024);
    const run = new QrngRun(['bytes', '65537', '--mix', '--wait'], await consumerEnvironment(limited));
    const { code, stdout, stderr } = await run.ended; // of two requests
    await limited.close();
    expect(stderr).toContain('waiting');
    expect({ code, length: stdout.length }).toEqual({ code: 0, length: 2 * 65_537 + 1 });
  });

  test('does not wait for a key to become right', async () => {
    expect((await qrng({ ...env, QRNG_API_KEY: 'x'.repeat(32) }, 'bytes', '--wait')).code).toBe(77);
  });
});
