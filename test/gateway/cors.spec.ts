/** QRNG_CORS_ORIGINS: which pages may use the API from a browser. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';

const ORIGIN = 'https://app.example.com';
const ASKED = { origin: ORIGIN, 'access-control-request-method': 'GET' };

describe('without QRNG_CORS_ORIGINS', () => {
  test('no page may, and what a browser asks beforehand is refused like any unknown method', async () => {
    const gateway = await startGateway();
    const { headers } = await gateway.get('/api/usage', { origin: ORIGIN });
    expect(headers['access-control-allow-origin']).toBeUndefined();
    const preflight = await gateway.request('/api/usage', { method: 'OPTIONS', headers: ASKED });
    expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([401, undefined]);
    await gateway.close();
  });
});

describe('with two origins', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ QRNG_CORS_ORIGINS: `${ORIGIN},http://localhost:3000` });
  });
  afterAll(() => gateway.close());

  test('their pages may read answers and errors, without credentials of the browser', async () => {
    for (const origin of [ORIGIN, 'http://localhost:3000']) {
      for (const answer of [
        await gateway.get('/api/usage', { origin }),
        await gateway.request('/api/usage', { headers: { origin } }),
      ]) {
        expect(answer.headers).toMatchObject({
          'access-control-allow-origin': origin,
          'access-control-expose-headers': expect.stringContaining('Retry-After'),
          vary: 'Origin',
        });
        expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
      }
    }
  });

  test.each(['/api/random', '/v1/entropy', '/mcp'])(
    'a browser that asks beforehand may send a key to %s',
    async (path) => {
      const { status, headers } = await gateway.request(path, { method: 'OPTIONS', headers: ASKED });
      expect(status).toBe(204);
      expect(headers['access-control-allow-headers']).toContain('Authorization');
      expect(headers['access-control-allow-methods']).toContain('POST');
    },
  );

  test.each([
    `${ORIGIN}.evil.example`,
    'https://evil.example',
    'https://sub.app.example.com',
    'https://evilapp.example.com',
    'http://app.example.com',
    `${ORIGIN}:443`,
    ORIGIN.toUpperCase(),
    `${ORIGIN}, ${ORIGIN}`,
    'null',
    '*',
    `${ORIGIN}/`,
  ])('%s may not', async (origin) => {
    const { headers } = await gateway.get('/api/usage', { origin });
    expect([headers['access-control-allow-origin'], headers['vary']]).toEqual([undefined, 'Origin']);
    const { status } = await gateway.request('/api/usage', {
      method: 'OPTIONS',
      headers: { ...ASKED, origin },
    });
    expect(status).toBe(401);
  });

  test('nothing of it is in the answer to a push', async () => {
    const { headers } = await gateway.push(gateway.collector.seal(Buffer.alloc(8)), { origin: ORIGIN });
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });
});

test.each(['*', 'app.example.com', `${ORIGIN}/`, `${ORIGIN}/path`, 'https://app.example.com:443', 'ftp://x'])(
  'QRNG_CORS_ORIGINS=%s is refused at the start',
  async (origins) => {
    await expect(startGateway({ QRNG_CORS_ORIGINS: origins })).rejects.toThrow('QRNG_CORS_ORIGINS must be');
  },
);
