import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { TestKeys } from '../support/api-keys.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { until } from '../support/until.js';

const names = Array.from({ length: 8 }, (_, i) => `reader-${i}`);
const keys = new TestKeys(Object.fromEntries(names.map((name) => [name, {}])));

let gateway: TestGateway;
afterEach(() => gateway.close());

/** received - served - discarded - in the pool; the contract says that this is 0 at every moment. */
async function imbalance(): Promise<number> {
  const { text } = await gateway.get('/metrics');
  const sum = (metric: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith(metric) && !line.startsWith('#'))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  return (
    sum('qrng_entropy_received_bytes_total') -
    sum('qrng_entropy_served_bytes_total') -
    sum('qrng_entropy_discarded_bytes_total') -
    sum('qrng_pool_bytes')
  );
}

test('eight clients in parallel never get the same 16 bytes, and every byte is accounted for', async () => {
  gateway = await startGateway({ QRNG_API_KEYS_FILE: keys.path, QRNG_BUFFER_SIZE: '4000000' });
  const seen = new Set<string>();
  let blocks = 0;
  const client = async (name: string) => {
    const headers = keys.bearer(name);
    const take = async (path: string) => {
      const { status, body } = await gateway.request(path, { headers });
      if (status !== 200) expect(status).toBe(503);
      else {
        for (let at = 0; at + 16 <= body.length; at += 16, blocks++) {
          seen.add(body.toString('hex', at, at + 16));
        }
      }
    };
    for (let i = 0; i < 15; i++) {
      await take('/api/random?bytes=4096&encoding=binary');
      await take('/api/stream?bytes=40000');
      for (const path of [
        '/api/integers?count=100',
        '/api/gaussians?count=50',
        '/api/strings',
        '/api/uuid?count=5',
      ]) {
        await gateway.request(path, { headers });
      }
      expect(await imbalance()).toBe(0);
    }
  };
  const feed = async () => {
    // All of it has to get in, full or not: streams wait half a minute for bytes that do not come, and then end.
    for (let i = 0; i < 20; i++) {
      const bytes = randomBytes(300_000);
      await until('the pool has room', async () => {
        const { status } = await gateway.push(gateway.collector.seal(bytes));
        expect([204, 507]).toContain(status);
        return status === 204;
      });
    }
  };
  await Promise.all([feed(), ...names.map(client)]);
  expect(blocks).toBeGreaterThan(1000);
  expect(seen.size).toBe(blocks);
  expect(await imbalance()).toBe(0);
});

describe('too little entropy', () => {
  const routes = [
    '/api/random?bytes=1000',
    '/api/integers?count=1000',
    '/api/integers?count=50&unique=true',
    '/api/floats?count=1000',
    '/api/gaussians?count=1000',
    '/api/strings?count=100',
    '/api/uuid?count=100',
    '/api/permutation?n=1000',
  ];

  test.each(routes)('is answered by %s with 503 and Retry-After, and nothing is taken', async (path) => {
    gateway = await startGateway();
    await gateway.fill(40);
    const { status, headers, text } = await gateway.get(path);
    expect([status, headers['content-type']]).toEqual([503, 'application/problem+json; charset=utf-8']);
    expect(JSON.parse(text)).toMatchObject({ type: 'urn:qrng-dd:problem:too-little-entropy' });
    expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(await gateway.metric('qrng_pool_bytes')).toBe(40);
    expect(JSON.parse((await gateway.get('/api/usage')).text)).toMatchObject({ bytes: 0 });
  });

  test('says when to come again, from how fast the pool fills', async () => {
    gateway = await startGateway();
    expect((await gateway.get('/api/random')).headers['retry-after']).toBe('60');
    await gateway.fill(1000);
    // 1000 bytes in the second or more since the start: 64 more take at least 64 s.
    const secs = Number((await gateway.get('/api/random?bytes=65000')).headers['retry-after']);
    expect(secs).toBeGreaterThanOrEqual(64);
    expect(secs).toBeLessThanOrEqual(3600);
  });

  test('is distinguished from a pool that can never hold so much', async () => {
    gateway = await startGateway({ QRNG_BUFFER_SIZE: '1000' });
    expect((await gateway.get('/api/random?bytes=1001')).text).toContain('never holds more than 1000 bytes');
  });
});

describe('a request that cannot want entropy', () => {
  test.each(['/api/random?bytes=100', '/api/integers', '/api/stream?bytes=100', '/api/uuid?count=2'])(
    'takes none: HEAD, Range and conditions on %s',
    async (path) => {
      gateway = await startGateway();
      await gateway.fill(10_000);
      const headers = { authorization: `Bearer ${gateway.apiKey}` };
      const head = await gateway.request(path, { method: 'HEAD', headers });
      expect([head.status, head.text]).toEqual([200, '']);
      expect(head.headers['content-type']).toBeDefined();
      if (path.startsWith('/api/random')) expect(head.headers['content-length']).toBe('200');
      else expect(head.headers['content-length']).toBeUndefined();
      expect((await gateway.get(path, { range: 'bytes=0-9' })).status).toBe(416);
      for (const condition of ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since']) {
        expect((await gateway.get(path, { [condition]: '*' })).status).toBe(412);
      }
      expect(await gateway.metric('qrng_pool_bytes')).toBe(10_000);
      expect((await gateway.request('/api/random?bytes=0', { method: 'HEAD', headers })).status).toBe(400);
    },
  );

  test('takes none: HEAD while the pool is empty', async () => {
    gateway = await startGateway();
    const headers = { authorization: `Bearer ${gateway.apiKey}` };
    expect((await gateway.request('/api/random', { method: 'HEAD', headers })).status).toBe(200);
  });
});
