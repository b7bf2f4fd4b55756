import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FileWatcher } from '../../apps/gateway/src/reload/file-watcher.js';
import { TestKeys } from '../support/api-keys.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { rawRequest } from '../support/raw-request.js';

const DAY = 86_400_000;
const soon = new Date(Date.now() + DAY).toISOString();
const past = new Date(Date.now() - DAY).toISOString();

describe('API keys', () => {
  const keys = new TestKeys({
    plain: {},
    future: { notBefore: soon },
    current: { notBefore: past, expires: soon },
    expired: { expires: past },
    disabled: { disabled: true },
    nulls: { scopes: null, bytesPerDay: null, notBefore: null, expires: null, disabled: null },
  });
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({
      QRNG_API_KEY: `${'a'.repeat(40)},named:${'b'.repeat(40)}`,
      QRNG_API_KEYS_FILE: keys.path,
    });
    await gateway.fill(100_000);
  });
  afterAll(() => gateway.close());

  async function statusOf(authorization: string): Promise<number> {
    return (await gateway.request('/api/random', { headers: { authorization } })).status;
  }

  test.each(['plain', 'current', 'nulls'])('admit the key %s', async (name) => {
    expect(await statusOf(keys.bearer(name).authorization)).toBe(200);
  });

  test.each(['future', 'expired', 'disabled'])('refuse the key %s like an unknown one', async (name) => {
    const unknown = await gateway.request('/api/random', {
      headers: { authorization: `Bearer ${'x'.repeat(48)}` },
    });
    const known = await gateway.request('/api/random', { headers: keys.bearer(name) });
    const withoutId = ({ text }: { text: string }) => text.replace(/"requestId":"[^"]*"/, '');
    expect([known.status, withoutId(known)]).toEqual([401, withoutId(unknown)]);
  });

  test('of the variable open everything, and have a name', async () => {
    for (const [key, client] of [
      ['a', 'client-1'],
      ['b', 'named'],
    ] as const) {
      const headers = { authorization: `Bearer ${key.repeat(40)}` };
      expect(JSON.parse((await gateway.request('/api/usage', { headers })).text)).toMatchObject({
        client,
        scopes: ['random', 'status', 'metrics'],
        bytesPerDay: null,
      });
    }
  });

  test('are read from the Authorization field alone, in one form', async () => {
    const key = 'a'.repeat(40);
    expect(await statusOf(`bearer ${key}`)).toBe(200);
    for (const authorization of [
      key,
      `Basic ${key}`,
      `Bearer  ${key}`,
      `Bearer ${key} `,
      `Bearer ${key},`,
      `Bearer ${key.slice(1)}`,
      `Bearer ${key}a`,
      `Bearer "${key}"`,
      'Bearer',
      'Bearer ',
    ]) {
      // Node's client trims what the grammar allows to be trimmed, so the exact bytes are sent.
      const answer = await rawRequest(gateway, [
        `GET /api/random HTTP/1.1`,
        'Host: x',
        `Authorization: ${authorization}`,
      ]);
      const trimmed = authorization === `Bearer ${key} `;
      expect([authorization, answer.status]).toEqual([authorization, trimmed ? 200 : 401]);
    }
  });

  test('are accepted as X-API-KEY, too', async () => {
    for (const path of ['/api/random', '/api/usage', '/api/stream?bytes=10']) {
      const { status } = await gateway.request(path, { headers: { 'x-api-key': keys.key('plain') } });
      expect([path, status]).toEqual([path, 200]);
    }
    for (const key of ['', 'x'.repeat(48), `Bearer ${keys.key('plain')}`, keys.key('disabled')]) {
      const answer = await gateway.request('/api/random', { headers: { 'x-api-key': key } });
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    }
  });

  test.each([
    ['of the same key', 'plain', 'plain'],
    ['of two valid keys', 'plain', 'current'],
    ['of a valid key and one that is not', 'plain', 'disabled'],
  ])('are refused with 400 in both fields, %s, wherever they are sent', async (_, bearer, bare) => {
    const headers = { ...keys.bearer(bearer), 'x-api-key': keys.key(bare) };
    const failures = await gateway.metric('qrng_auth_failures_total');
    for (const path of ['/api/random', '/api/usage', '/api/nothing']) {
      const { status, text } = await gateway.request(path, { headers });
      expect([path, status]).toEqual([path, 400]);
      expect(text).toContain('Send either Authorization or X-API-KEY, not both.');
    }
    expect(await gateway.metric('qrng_auth_failures_total')).toBe(failures);
  });

  test('are refused where the field comes twice', async () => {
    const good = `Authorization: Bearer ${'a'.repeat(40)}`;
    const bad = 'Authorization: Bearer nonsense';
    for (const fields of [
      [good, good],
      [good, bad],
      [bad, good],
      [good, 'Authorization:'],
      ['authorization:', good],
      [`X-API-KEY: ${'a'.repeat(40)}`, `X-API-KEY: ${'a'.repeat(40)}`],
    ]) {
      const failures = (await gateway.metric('qrng_auth_failures_total')) ?? 0;
      const { status } = await rawRequest(gateway, ['GET /api/random HTTP/1.1', 'Host: x', ...fields]);
      expect(status).toBe(401);
      expect(await gateway.metric('qrng_auth_failures_total')).toBe(failures + 1);
    }
  });

  test('that expire have a metric', async () => {
    const { text } = await gateway.get('/metrics');
    expect(text).toContain(
      `qrng_api_key_expiry_timestamp_seconds{client="current"} ${Date.parse(soon) / 1000}`,
    );
    expect(text).not.toContain('qrng_api_key_expiry_timestamp_seconds{client="plain"}');
  });
});

describe('a key file that changes', () => {
  const keys = new TestKeys({ first: {}, second: {} });
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ QRNG_API_KEY: undefined, QRNG_API_KEYS_FILE: keys.path });
    await gateway.fill(100_000);
  });
  afterAll(() => gateway.close());

  async function admitted(name: string): Promise<boolean> {
    return (await gateway.request('/api/random', { headers: keys.bearer(name) })).status === 200;
  }

  test('is read again, also while a connection stays open', async () => {
    expect([await admitted('first'), await admitted('third')]).toEqual([true, false]);
    keys.write({ second: {}, third: {} });
    await gateway.app.get(FileWatcher).reload();
    expect([await admitted('first'), await admitted('second'), await admitted('third')]).toEqual([
      false,
      true,
      true,
    ]);
  });

  test.each([
    ['no JSON', '[{"name": '],
    ['an object', '{}'],
    ['a digest that is none', '[{"name":"x","sha256":"00"}]'],
    ['an unknown field', `[{"name":"x","sha256":"${'0'.repeat(64)}","expire":"2027-01-01"}]`],
    ['a day that does not exist', `[{"name":"x","sha256":"${'0'.repeat(64)}","expires":"2027-02-30"}]`],
    ['a quota of text', `[{"name":"x","sha256":"${'0'.repeat(64)}","bytesPerDay":"10"}]`],
    [
      'a member that is named twice',
      `[{"name":"x","sha256":"${'0'.repeat(64)}","disabled":true,"disabled":false}]`,
    ],
    ['two of one name', JSON.stringify([entry('x'), entry('x')])],
  ])('is refused as a whole with %s, and the old keys stay', async (_, text) => {
    keys.write({ second: {}, third: {} });
    keys.writeText(text);
    await gateway.app.get(FileWatcher).reload();
    expect([await admitted('second'), await admitted('third')]).toEqual([true, true]);
  });

  test('takes effect by itself', async () => {
    keys.write({ fourth: {} });
    const deadline = Date.now() + 15_000;
    while (!(await admitted('fourth')) && Date.now() < deadline) {
      await new Promise((wake) => setTimeout(wake, 100));
    }
    expect([await admitted('fourth'), await admitted('second')]).toEqual([true, false]);
  });
});

describe('a gateway does not start', () => {
  test.each([
    [
      'with an invalid key file',
      { QRNG_API_KEYS_FILE: new TestKeys({ 'not a name': {} }).path },
      'name must be',
    ],
    [
      'with a key that never is valid',
      {
        QRNG_API_KEYS_FILE: new TestKeys({ guest: { notBefore: '2027-02-28', expires: '2027-02-01' } }).path,
      },
      'expires must be after notBefore',
    ],
    [
      'with a member that no entry has',
      { QRNG_API_KEYS_FILE: new TestKeys({ guest: { expiry: '2027-02-28' } }).path },
      'expiry is no member of an entry',
    ],
    [
      'with two keys of one name',
      { QRNG_API_KEY: `x:${'a'.repeat(40)},x:${'b'.repeat(40)}` },
      'the same name',
    ],
    [
      'with a token for metrics that no request can carry',
      { QRNG_METRICS_TOKEN: 'token=of=the=metrics' },
      'QRNG_METRICS_TOKEN must be',
    ],
    ['with one key twice', { QRNG_API_KEY: `x:${'a'.repeat(40)},y:${'a'.repeat(40)}` }, 'the same key'],
  ])('%s', async (_, env, reason) => {
    await expect(startGateway(env)).rejects.toThrow(reason);
  });
});

describe('/metrics', () => {
  const keys = new TestKeys({ scraper: { scopes: ['metrics'] }, other: { scopes: ['random', 'status'] } });

  test('with a token demands it, or a key with the scope', async () => {
    const token = `${randomBytes(24).toString('hex')}==`;
    const gateway = await startGateway({ QRNG_METRICS_TOKEN: token, QRNG_API_KEYS_FILE: keys.path });
    try {
      const statusOf = async (headers: Record<string, string>) =>
        (await gateway.request('/metrics', { headers })).status;
      expect(await statusOf({})).toBe(401);
      expect(await statusOf({ authorization: `Bearer ${token}x` })).toBe(401);
      expect(await statusOf({ authorization: `Bearer ${token}` })).toBe(200);
      expect(await statusOf({ 'x-api-key': token })).toBe(200);
      expect(await statusOf({ ...keys.bearer('scraper'), 'x-api-key': token })).toBe(400);
      expect(await statusOf(keys.bearer('scraper'))).toBe(200);
      expect(await statusOf(keys.bearer('other'))).toBe(403);
      expect(
        (await gateway.request('/api/random', { headers: { authorization: `Bearer ${token}` } })).status,
      ).toBe(401);
    } finally {
      await gateway.close();
    }
  });

  test('counts requests with a key against its limits, and not those of the scraper', async () => {
    const token = randomBytes(24).toString('hex');
    const limits = { QRNG_RATE_LIMIT_MAX: '3', QRNG_RATE_LIMIT_BURST: '3' };
    const env = { QRNG_METRICS_TOKEN: token, QRNG_API_KEYS_FILE: keys.path, ...limits };
    const gateway = await startGateway(env);
    try {
      const statuses = async (headers: Record<string, string>) => {
        const answers: number[] = [];
        for (let i = 0; i < 4; i++) answers.push((await gateway.request('/metrics', { headers })).status);
        return answers;
      };
      expect(await statuses(keys.bearer('scraper'))).toEqual([200, 200, 200, 429]);
      expect(await statuses({ authorization: `Bearer ${token}` })).toEqual([200, 200, 200, 200]);
    } finally {
      await gateway.close();
    }
  });

  test('has no label value of a request that nobody authenticated', async () => {
    const gateway = await startGateway();
    try {
      const mark = 'mark-of-a-stranger';
      await gateway.request(`/${mark}`);
      await gateway.request(`/api/${mark}?${mark}=1`, { headers: { authorization: `Bearer ${mark}` } });
      await gateway.request('/api/random', {
        method: 'PURGE' as 'GET',
        headers: { 'user-agent': mark, 'x-request-id': mark },
      });
      await gateway.push(Buffer.from(mark.repeat(10)));
      const { text } = await gateway.request('/metrics');
      expect(text).not.toContain(mark);
      expect(text).not.toContain('PURGE');
      expect(text).toContain('route="unmatched",method="other"');
    } finally {
      await gateway.close();
    }
  });
});

function entry(name: string): object {
  return { name, sha256: randomBytes(32).toString('hex') };
}
