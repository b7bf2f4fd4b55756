import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ QRNG_BUFFER_SIZE: String(64 * 2 ** 20) });
  await gateway.fill(40 * 2 ** 20);
});
afterAll(() => gateway.close());

interface Problem {
  readonly type: string;
  readonly status: number;
  readonly detail: string;
  readonly errors: { readonly name: string; readonly detail: string }[];
}

async function values<T>(path: string): Promise<T[]> {
  const { status, headers, text } = await gateway.get(path);
  expect([path, status, headers['content-type']]).toEqual([path, 200, 'application/json; charset=utf-8']);
  return JSON.parse(text) as T[];
}

const SAFE = Number.MAX_SAFE_INTEGER;
const ALPHABET_256 = Array.from({ length: 256 }, (_, i) => String.fromCodePoint(0x100 + i)).join('');

/** Parameters at and beyond each bound of the contract's section 5. */
const BOUNDS: Record<string, { holds: string[]; refused: [query: string, ...names: string[]][] }> = {
  '/api/random': {
    holds: [
      '',
      'bytes=1',
      'bytes=65536',
      'encoding=hex',
      'encoding=base64',
      'encoding=base64url',
      'encoding=binary',
    ],
    refused: [
      ['bytes=0', 'bytes'],
      ['bytes=65537', 'bytes'],
      ['bytes=-1', 'bytes'],
      ['bytes=', 'bytes'],
      ['bytes', 'bytes'],
      ['bytes=1.0', 'bytes'],
      ['bytes=1e2', 'bytes'],
      ['bytes=0x10', 'bytes'],
      ['bytes=01', 'bytes'],
      ['bytes=%201', 'bytes'],
      ['bytes=+1', 'bytes'],
      ['bytes=99999999999999999999', 'bytes'],
      ['bytes=NaN', 'bytes'],
      ['bytes=1&bytes=1', 'bytes'],
      ['bytes[]=1', 'bytes[]'],
      ['encoding=HEX', 'encoding'],
      ['encoding=', 'encoding'],
      ['encoding=hex&encoding=hex', 'encoding'],
      ['count=1', 'count'],
      ['Bytes=1', 'Bytes'],
      ['__proto__=1', '__proto__'],
      ['constructor=1&toString=2', 'constructor', 'toString'],
      ['bytes=0&encoding=no&x=1', 'bytes', 'encoding', 'x'],
    ],
  },
  '/api/integers': {
    holds: [
      '',
      'count=1',
      'count=1000',
      'min=0&max=0',
      `min=-${SAFE}&max=${SAFE}`,
      'min=-5&max=-5',
      'unique=true&count=101',
      'unique=false',
      'unique=true&count=1000&min=1&max=1000',
    ],
    refused: [
      ['count=0', 'count'],
      ['count=1001', 'count'],
      [`max=${SAFE + 1}`, 'max'],
      [`min=-${SAFE + 1}`, 'min'],
      ['min=9223372036854775807', 'min'],
      ['min=-0', 'min'],
      ['min=1.5', 'min'],
      ['min=2&max=1', 'min', 'max'],
      ['min=101', 'min', 'max'],
      ['unique=1', 'unique'],
      ['unique=TRUE', 'unique'],
      ['unique=true&count=102', 'count'],
    ],
  },
  '/api/floats': {
    holds: ['', 'count=1', 'count=1000'],
    refused: [
      ['count=0', 'count'],
      ['count=1001', 'count'],
      ['min=0', 'min'],
    ],
  },
  '/api/gaussians': {
    holds: ['', 'count=1000', 'mean=-1e300', 'mean=0', 'mean=1E-5', 'stddev=1e-300', 'stddev=1e300'],
    refused: [
      ['count=0', 'count'],
      ['count=1001', 'count'],
      ['stddev=0', 'stddev'],
      ['stddev=-1', 'stddev'],
      ['stddev=1e301', 'stddev'],
      ['mean=1e400', 'mean'],
      ['mean=NaN', 'mean'],
      ['mean=Infinity', 'mean'],
      ['mean=', 'mean'],
      ['mean=1,5', 'mean'],
      ['mean=.5', 'mean'],
      ['mean=0x1', 'mean'],
    ],
  },
  '/api/strings': {
    holds: [
      '',
      'count=1',
      'count=100',
      'length=1',
      'length=256',
      'alphabet=01',
      `alphabet=${encodeURIComponent(ALPHABET_256)}`,
      'alphabet=%F0%9F%8E%B2%F0%9F%83%8F',
      'alphabet=%25%26',
      'alphabet=a+b',
    ],
    refused: [
      ['count=0', 'count'],
      ['count=101', 'count'],
      ['length=0', 'length'],
      ['length=257', 'length'],
      ['alphabet=a', 'alphabet'],
      ['alphabet=', 'alphabet'],
      ['alphabet=aba', 'alphabet'],
      ['alphabet=%FF%FE', 'alphabet'],
      ['alphabet=%A', 'alphabet'],
      ['alphabet=%ED%A0%80%ED%B0%80', 'alphabet'],
      [`alphabet=${encodeURIComponent(`${ALPHABET_256}z`)}`, 'alphabet'],
    ],
  },
  '/api/uuid': {
    holds: ['', 'count=100', 'version=4', 'version=7'],
    refused: [
      ['count=0', 'count'],
      ['count=101', 'count'],
      ['version=1', 'version'],
      ['version=v4', 'version'],
      ['version=04', 'version'],
    ],
  },
  '/api/permutation': {
    holds: ['n=1', 'n=10000'],
    refused: [
      ['', 'n'],
      ['n=0', 'n'],
      ['n=10001', 'n'],
      ['n=1&m=2', 'm'],
    ],
  },
  '/api/stream': {
    holds: ['bytes=1', 'bytes=16777216'],
    refused: [
      ['', 'bytes'],
      ['bytes=0', 'bytes'],
      ['bytes=16777217', 'bytes'],
      ['bytes=1&encoding=hex', 'encoding'],
    ],
  },
  '/api/quality': { holds: [''], refused: [['x=1', 'x']] },
  '/api/usage': { holds: [''], refused: [['x=1', 'x']] },
  '/api/status': { holds: [''], refused: [['x=1', 'x']] },
};

describe.each(Object.entries(BOUNDS))('%s', (path, { holds, refused }) => {
  test.each(holds)('answers ?%s', async (query) => {
    expect((await gateway.get(`${path}?${query}`)).status).toBe(200);
  });

  test.each(refused)('refuses ?%s and names what is invalid', async (query, ...names) => {
    const before = await gateway.metric('qrng_pool_bytes');
    const { status, headers, text } = await gateway.get(`${path}?${query}`);
    expect([status, headers['content-type']]).toEqual([400, 'application/problem+json; charset=utf-8']);
    const problem = JSON.parse(text) as Problem;
    expect(problem).toMatchObject({ type: 'urn:qrng-dd:problem:invalid-parameter', status: 400 });
    expect(problem.errors.map(({ name }) => name).sort()).toEqual([...names].sort());
    for (const { name, detail } of problem.errors) expect(problem.detail).toContain(`${name} ${detail}`);
    expect(await gateway.metric('qrng_pool_bytes')).toBe(before);
  });
});

test('text that is no UTF-8 is called so, and what is not', async () => {
  const detailOf = async (query: string): Promise<unknown> =>
    (JSON.parse((await gateway.get(`/api/strings?${query}`)).text) as Problem).errors[0]?.detail;
  for (const query of ['alphabet=%FF%FE', 'count=%zz']) {
    expect(await detailOf(query)).toBe('must be percent-encoded UTF-8');
  }
  expect(await detailOf('alphabet=aa')).toBe('must be 2 to 256 different characters');
});

describe('GET /api/random', () => {
  test('answers 32 bytes as hex by default', async () => {
    const { text, headers } = await gateway.get('/api/random');
    expect(text).toMatch(/^[0-9a-f]{64}$/);
    expect(headers['content-type']).toBe('text/plain; charset=utf-8');
  });

  test.each([
    [
      'base64',
      'text/plain; charset=utf-8',
      (text: string) => Buffer.from(text, 'base64').toString('base64') === text,
    ],
    ['base64url', 'text/plain; charset=utf-8', (text: string) => /^[A-Za-z0-9_-]+$/.test(text)],
  ] as const)('answers %s', async (encoding, type, holds) => {
    for (const bytes of [1, 2, 3, 1000]) {
      const { text, headers } = await gateway.get(`/api/random?bytes=${bytes}&encoding=${encoding}`);
      expect(headers['content-type']).toBe(type);
      expect(holds(text)).toBe(true);
      expect(Buffer.from(text, encoding)).toHaveLength(bytes);
    }
  });

  test.each([
    ['hex', 'bytes=5', undefined],
    ['hex', 'bytes=5', '*/*'],
    ['hex', 'bytes=5', 'application/problem+json'],
    ['hex', 'bytes=5', 'text/plain, application/octet-stream'],
    ['binary', 'bytes=5', 'application/octet-stream'],
    ['hex', 'bytes=5&encoding=hex', 'application/octet-stream'],
    ['binary', 'bytes=5&encoding=binary', 'text/plain'],
  ])('answers %s to %s with Accept: %s, also HEAD', async (encoding, query, accept) => {
    const headers = {
      authorization: `Bearer ${gateway.apiKey}`,
      ...(accept === undefined ? {} : { accept }),
    };
    const type = encoding === 'hex' ? 'text/plain; charset=utf-8' : 'application/octet-stream';
    for (const method of ['GET', 'HEAD'] as const) {
      const answer = await gateway.request(`/api/random?${query}`, { method, headers });
      expect(answer).toMatchObject({
        status: 200,
        headers: { 'content-type': type, 'content-length': encoding === 'hex' ? '10' : '5' },
      });
    }
  });

  test('answers the bytes themselves', async () => {
    const { body, headers } = await gateway.get('/api/random?bytes=1000&encoding=binary');
    expect([body.length, headers['content-type']]).toEqual([1000, 'application/octet-stream']);
  });

  test('allows no more than QRNG_MAX_REQUEST_BYTES, and its description says so', async () => {
    const small = await startGateway({ QRNG_MAX_REQUEST_BYTES: '16' });
    try {
      await small.fill(1000);
      expect((await small.get('/api/random?bytes=17')).status).toBe(400);
      expect((await small.get('/api/random')).text).toHaveLength(32);
      const document = JSON.parse((await small.request('/docs-json')).text) as {
        paths: Record<
          string,
          { get: { parameters: { name: string; schema: { maximum?: number; default?: number } }[] } }
        >;
      };
      const [bytes] = document.paths['/api/random']?.get.parameters ?? [];
      expect(bytes).toMatchObject({ name: 'bytes', schema: { maximum: 16, default: 16 } });
    } finally {
      await small.close();
    }
  });
});

describe('GET /api/integers', () => {
  test('stays within both bounds and reaches them', async () => {
    const seen = new Set(await values<number>('/api/integers?count=1000&min=-3&max=3'));
    expect([...seen].sort((a, b) => a - b)).toEqual([-3, -2, -1, 0, 1, 2, 3]);
  });

  test('gives no number twice when unique', async () => {
    const all = await values<number>('/api/integers?count=49&min=1&max=49&unique=true');
    expect([...all].sort((a, b) => a - b)).toEqual(Array.from({ length: 49 }, (_, i) => i + 1));
  });

  test('is uniform where a modulo of 64 bits would not be: thirds of a range of 3 * 2^50', async () => {
    const third = 2 ** 50;
    const counts = [0, 0, 0];
    for (let i = 0; i < 30; i++) {
      for (const value of await values<number>(`/api/integers?count=1000&max=${3 * third - 1}`)) {
        const index = Math.floor(value / third);
        counts[index] = (counts[index] ?? 0) + 1;
      }
    }
    // Chi-square of 2 degrees of freedom above 41.4: a chance of 1 in 10^9.
    expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(41.4);
  });

  test('takes 3 bits and a little for a die', async () => {
    const before = await gateway.metric('qrng_pool_bytes');
    const draws = 20;
    for (let i = 0; i < draws; i++) await values('/api/integers?count=1000&min=1&max=6');
    const taken = (before ?? 0) - ((await gateway.metric('qrng_pool_bytes')) ?? 0);
    const bitsPerDie = (taken * 8) / (draws * 1000);
    // A trial of 3 bits succeeds with 6/8: 4 bits on average; log2(6) = 2.58 is the least that is possible.
    expect(bitsPerDie).toBeGreaterThan(3.9);
    expect(bitsPerDie).toBeLessThan(4.3);
  });
});

test('GET /api/floats gives multiples of 2^-53 in [0, 1)', async () => {
  for (const value of await values<number>('/api/floats?count=1000')) {
    expect(value >= 0 && value < 1 && Number.isInteger(value * 2 ** 53)).toBe(true);
  }
});

test('GET /api/gaussians has the mean and the deviation that were asked for', async () => {
  const all = await values<number>('/api/gaussians?count=1000&mean=100&stddev=5');
  const mean = all.reduce((sum, value) => sum + value, 0) / 1000;
  expect(Math.abs(mean - 100)).toBeLessThan((6.2 * 5) / Math.sqrt(1000));
  const variance = all.reduce((sum, value) => sum + (value - 100) ** 2, 0) / 1000;
  expect(Math.abs(variance / 25 - 1)).toBeLessThan(6.2 * Math.sqrt(2 / 1000));
});

describe('GET /api/strings', () => {
  test('gives strings of the length and the alphabet that were asked for', async () => {
    const all = await values<string>('/api/strings?count=100&length=50&alphabet=abc');
    expect(all).toHaveLength(100);
    for (const text of all) expect(text).toMatch(/^[abc]{50}$/);
    expect(await values<string>('/api/strings')).toEqual([expect.stringMatching(/^[A-Za-z0-9]{32}$/)]);
  });

  test('counts a character outside of the basic plane as one', async () => {
    const [text = ''] = await values<string>('/api/strings?length=20&alphabet=%F0%9F%8E%B2%F0%9F%83%8F');
    expect(Array.from(text)).toHaveLength(20);
    expect(text).toMatch(/^[🎲🃏]+$/u);
  });
});

test('GET /api/uuid gives versions 4 and 7', async () => {
  for (const version of [4, 7]) {
    const all = await values<string>(`/api/uuid?count=100&version=${version}`);
    const form = new RegExp(`^[0-9a-f]{8}-[0-9a-f]{4}-${version}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`);
    for (const uuid of all) expect(uuid).toMatch(form);
    expect(new Set(all).size).toBe(100);
  }
  const [uuid = ''] = await values<string>('/api/uuid?version=7');
  const stamped = parseInt(uuid.replaceAll('-', '').slice(0, 12), 16);
  expect(Math.abs(Date.now() - stamped)).toBeLessThan(60_000);
});

test('GET /api/permutation shuffles 0 to n - 1', async () => {
  const all = await values<number>('/api/permutation?n=1000');
  expect(all.every((value, i) => value === i)).toBe(false);
  expect([...all].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
});
