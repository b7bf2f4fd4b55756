import { METHODS } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TestKeys } from '../support/api-keys.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { rawRequest } from '../support/raw-request.js';

/**
 * Every route there is, and what opens it: nothing, a packet whose MAC holds, any key, or a key with one of the scopes.
 * A route that is missing here, or has another gate, fails this test.
 */
const GATES: Record<string, 'open' | 'packet' | 'any key' | string[]> = {
  '/': 'open',
  '/api/random': ['random'],
  '/api/integers': ['random'],
  '/api/floats': ['random'],
  '/api/gaussians': ['random'],
  '/api/strings': ['random'],
  '/api/uuid': ['random'],
  '/api/permutation': ['random'],
  '/api/stream': ['random'],
  '/api/quality': ['random', 'status'],
  '/api/status': ['status'],
  '/api/usage': 'any key',
  '/mcp': 'any key',
  '/v1/capabilities': ['random', 'status'],
  '/v1/entropy': ['random'],
  '/v1/healthtest': ['random', 'status'],
  '/health': 'open',
  '/health/live': 'open',
  '/health/ready': 'open',
  '/metrics': ['metrics'],
  '/push': 'packet',
  '/receipts': 'open',
  '/docs': 'open',
  '/docs/': 'open',
  '/docs/api.md': 'open',
  '/docs/start.js': 'open',
  '/docs/swagger-ui.css': 'open',
  '/docs/swagger-ui-bundle.js': 'open',
  '/docs-json': 'open',
  '/docs-yaml': 'open',
};

/** Parameters without which a route answers 400. */
const REQUIRED: Record<string, string> = { '/api/permutation': '?n=5', '/api/stream': '?bytes=5' };

/** The routes that know POST and nothing else, and a body that each takes. */
const POSTS: Record<string, string> = {
  '/push': '',
  '/v1/entropy': '{"block_size":32}',
  '/mcp': '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
};

const SCOPES = ['random', 'status', 'metrics'];
const keys = new TestKeys(Object.fromEntries(SCOPES.map((scope) => [scope, { scopes: [scope] }])));
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway({ QRNG_API_KEYS_FILE: keys.path, QRNG_METRICS_TOKEN: 'a-token-of-the-test' });
  await gateway.fill(1_000_000);
});
afterAll(() => gateway.close());

/** Each path that the router knows, and its methods, from the tree that it prints. */
function routes(): [string, string[]][] {
  const tree = gateway.app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false });
  const above: string[] = [];
  return tree.split('\n').flatMap((line): [string, string[]][] => {
    const [, indent = '', part = '', methods = ''] =
      /^((?:│ {3}| {4})*)[├└]── (\S+) \((.*)\)$/.exec(line) ?? [];
    if (part === '') return [];
    const depth = indent.length / 4;
    const path = (above[depth - 1] ?? '') + part;
    above[depth] = path;
    return [[path, methods.split(', ').sort()]];
  });
}

test('the routes are those of the table', () => {
  const paths = routes().map(([path]) => path);
  expect(paths.sort()).toEqual(Object.keys(GATES).sort());
});

test('a route knows GET and HEAD, or POST alone', () => {
  for (const [path, methods] of routes()) {
    expect([path, methods]).toEqual([path, POSTS[path] === undefined ? ['GET', 'HEAD'] : ['POST']]);
  }
});

const gated = Object.entries(GATES).filter(([, gate]) => Array.isArray(gate) || gate === 'any key');

describe.each(gated)('%s', (path, gate) => {
  const url = path + (REQUIRED[path] ?? '');

  const body = POSTS[path];
  const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const methods = body === undefined ? (['GET', 'HEAD'] as const) : (['POST', 'GET'] as const);

  test.each(methods)('answers %s without a key with 401', async (method) => {
    const { status, headers } = await gateway.request(url, { method });
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer']);
  });

  test.each(SCOPES)('answers a key with the scope %s as the table says', async (scope) => {
    const opens = gate === 'any key' || gate.includes(scope);
    const { status, headers } = await (body === undefined
      ? gateway.request(url, { headers: keys.bearer(scope) })
      : gateway.request(url, { method: 'POST', headers: { ...json, ...keys.bearer(scope) }, body }));
    expect(status).toBe(opens ? 200 : 403);
    if (!opens) expect(headers['www-authenticate']).toMatch(/^Bearer error="insufficient_scope", scope="/);
  });
});

test.each(Object.keys(GATES).filter((path) => GATES[path] === 'open'))('%s is open', async (path) =>
  expect((await gateway.request(path)).status).toBe(200),
);

test('/push demands a packet whose MAC holds, and answers a bare status', async () => {
  const packet = gateway.collector.seal(Buffer.alloc(8, 1));
  packet.writeUInt8(packet.readUInt8(packet.length - 1) ^ 1, packet.length - 1);
  expect(await gateway.push(packet)).toMatchObject({ status: 401, text: '' });
});

describe('a client without a key', () => {
  test.each([
    '/api',
    '/api/',
    '/api/nothing',
    '/api//random',
    '/api/random/',
    '/api/random/x',
    '/%61pi/random',
    '/%61pi/nothing',
    '/api/random?bytes=0',
    '/api/random?nonsense=1',
    '/v1',
    '/v1/',
    '/v1/nothing',
    '/mcp/',
    '/mcp/nothing',
    '/%761/nothing',
  ])('learns nothing but 401 of %s', async (path) => {
    expect((await gateway.request(path)).status).toBe(401);
  });

  test.each(['GET https://x/api/random', 'GET HTTP://x/api/nothing', 'POST https://x/api/random'])(
    'learns nothing but 401 of %s, and is counted',
    async (start) => {
      const failures = (await gateway.metric('qrng_auth_failures_total')) ?? 0;
      expect((await rawRequest(gateway, [`${start} HTTP/1.1`, 'Host: x'])).status).toBe(401);
      expect(await gateway.metric('qrng_auth_failures_total')).toBe(failures + 1);
    },
  );

  const methods = METHODS.filter((method) => method !== 'CONNECT');
  test('learns nothing but 401 with any method, body or content type', async () => {
    for (const method of methods) {
      for (const path of ['/api/random', '/api/nothing']) {
        const { status } = await gateway.request(path, { method: method as 'GET' });
        expect([method, path, status]).toEqual([method, path, 401]);
      }
    }
    for (const type of ['application/json', 'nonsense', 'application/octet-stream']) {
      const { status } = await gateway.request('/api/random', {
        method: 'POST',
        headers: { 'content-type': type },
        body: '{'.repeat(5000),
      });
      expect([type, status]).toEqual([type, 401]);
    }
  });

  test('gets an error for a key in the query string, which is never read', async () => {
    for (const name of ['api_key', 'key', 'token', 'access_token']) {
      const { status, text } = await gateway.request(`/api/random?${name}=${keys.key('random')}`);
      expect(status).toBe(401);
      expect(text).toContain('A key in the query string is not read.');
      expect(text).not.toContain(keys.key('random'));
    }
  });
});

describe('a client with a key', () => {
  const headers = keys.bearer('random');

  test('gets 404 for a path that does not exist', async () => {
    for (const path of ['/api', '/api/nothing', '/api/random/', '/%61pi/nothing']) {
      expect((await gateway.request(path, { headers })).status).toBe(404);
    }
  });

  test('gets 405 and the allowed methods for a wrong method', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'PURGE']) {
      const answer = await gateway.request('/api/random', { method: method as 'GET', headers });
      expect([method, answer.status, answer.headers['allow']]).toEqual([method, 405, 'GET, HEAD']);
    }
    expect(await gateway.request('/push')).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  });

  test.each([
    [200, 'GET https://x/api/usage'],
    [404, 'GET https://x/api/nothing'],
    [405, 'POST https://x/api/usage'],
  ])('gets %i for %s as without scheme and host', async (status, start) => {
    const lines = [`${start} HTTP/1.1`, 'Host: x', `Authorization: ${headers.authorization}`];
    expect((await rawRequest(gateway, lines)).status).toBe(status);
  });

  test('reaches a route by another spelling of its path only as itself', async () => {
    expect((await gateway.request('/%61pi/random', { headers })).status).toBe(200);
    expect((await gateway.request('/API/random', { headers })).status).toBe(404);
  });
});
