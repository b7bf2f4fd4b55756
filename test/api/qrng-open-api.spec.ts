/** The QRNG Open API under /v1, as its clients call it (docs/qrng-open-api.md). */
import { readFileSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { connect } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { TestKeys } from '../support/api-keys.js';
import { startGateway } from '../support/gateway.js';
import type { Answer } from '../support/gateway-client.js';
import type { TestGateway } from '../support/gateway.js';
import { lintOpenApi } from '../support/lint-open-api.js';
import { qrngOpenApi } from '../support/qrng-open-api.js';

const keys = new TestKeys({
  random: { scopes: ['random'] },
  status: { scopes: ['status'] },
  metrics: { scopes: ['metrics'] },
  poor: { scopes: ['random'], bytesPerDay: 100 },
  slow: { scopes: ['random'], requestsPerMinute: 1 },
});

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ QRNG_API_KEYS_FILE: keys.path });
  await gateway.fill(4_000_000);
});
afterAll(() => gateway.close());

interface Problem {
  readonly type: string;
  readonly detail: string;
  readonly errors?: { name: string }[];
}

function post(body: string | Buffer, headers: Record<string, string> = {}, name = 'random'): Promise<Answer> {
  return gateway.request('/v1/entropy', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...keys.bearer(name), ...headers },
    body,
  });
}

async function blocks(request: object, headers: Record<string, string> = {}): Promise<string[]> {
  const answer = await post(JSON.stringify(request), headers);
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
  return (JSON.parse(answer.text) as { entropy: string[] }).entropy;
}

const served = async () => {
  const { text } = await gateway.get('/metrics');
  return [...text.matchAll(/^qrng_entropy_served_bytes_total\{.*\} (\d+)$/gm)].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  );
};

describe('POST /v1/entropy', () => {
  test('gives as many blocks as were asked for, each of its size in base64 with padding', async () => {
    for (const [block_size, block_count] of [
      [1, 1024],
      [16, 1],
      [31, 7],
      [64, 1024],
      [65_536, 1],
    ] as const) {
      const before = await served();
      const entropy = await blocks({ block_size, block_count });
      expect(entropy).toHaveLength(block_count);
      for (const block of entropy) {
        expect(block).toMatch(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
        expect(Buffer.from(block, 'base64')).toHaveLength(block_size);
      }
      if (block_size >= 16) expect(new Set(entropy).size).toBe(block_count);
      expect(await served()).toBe(before + block_size * block_count);
    }
  });

  test('takes one block unless told otherwise, the only type, and members that it does not know', async () => {
    expect(await blocks({ block_size: 16 })).toHaveLength(1);
    expect(await blocks({ block_size: 16, entropy_type: 'health-tested' })).toHaveLength(1);
    expect(await blocks({ block_size: 16, extensions: [{ rate: 0.5 }], block_cuont: 2 })).toHaveLength(1);
  });

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
    'application/x-www-form-urlencoded',
  ])('reads JSON under the content type %s', async (type) => {
    expect(await blocks({ block_size: 16 }, { 'content-type': type })).toHaveLength(1);
  });

  describe('takes nothing for', () => {
    let before: number;
    beforeEach(async () => {
      before = await served();
    });

    test.each([
      ['', undefined],
      ['nonsense', undefined],
      ['[]', undefined],
      ['null', undefined],
      ['{"block_size":16', undefined],
      ['{"block_size":16,"block_size":16}', undefined],
      ['{"block_size":16,"block\\u005fsize":16}', undefined],
      ['{"block_size":16,"x":{"a":1,"a":1}}', undefined],
      ['\uFEFF{"block_size":16}', undefined],
      ['{}', 'block_size'],
      ['{"block_count":1}', 'block_size'],
      ['{"block_size":0}', 'block_size'],
      ['{"block_size":-1}', 'block_size'],
      ['{"block_size":65537}', 'block_size'],
      ['{"block_size":1.0}', 'block_size'],
      ['{"block_size":1.5}', 'block_size'],
      ['{"block_size":1e1}', 'block_size'],
      ['{"block_size":1e999}', 'block_size'],
      ['{"block_size":"16"}', 'block_size'],
      ['{"block_size":null}', 'block_size'],
      ['{"block_size":true}', 'block_size'],
      ['{"block_size":[16]}', 'block_size'],
      ['{"block_size":9007199254740993}', 'block_size'],
      ['{"__proto__":{"block_size":16}}', 'block_size'],
      ['{"block_size":16,"block_count":0}', 'block_count'],
      ['{"block_size":1,"block_count":1025}', 'block_count'],
      ['{"block_size":16,"block_count":null}', 'block_count'],
      ['{"block_size":16,"block_count":"2"}', 'block_count'],
      ['{"block_size":16,"entropy_type":"raw"}', 'entropy_type'],
      ['{"block_size":16,"entropy_type":""}', 'entropy_type'],
      ['{"block_size":16,"entropy_type":null}', 'entropy_type'],
      ['{"block_size":16,"entropy_type":["health-tested"]}', 'entropy_type'],
      ['{"block_size":65536,"block_count":2}', 'block_size', 'block_count'],
      ['{"block_size":0,"block_count":0,"entropy_type":1}', 'block_size', 'block_count', 'entropy_type'],
    ])('%s: 422', async (body, ...names) => {
      const { status, headers, text } = await post(body);
      expect([status, headers['content-type']]).toEqual([422, 'application/problem+json; charset=utf-8']);
      const { type, errors = [] } = JSON.parse(text) as Problem;
      expect(type).toBe('urn:qrng-dd:problem:unprocessable-content');
      expect(errors.map(({ name }) => name)).toEqual(names.filter((name) => name !== undefined));
      expect(await served()).toBe(before);
    });

    test('bytes that are not UTF-8: 422', async () => {
      expect((await post(Buffer.from('7b22ff223a317d', 'hex'))).status).toBe(422);
    });

    test('a query parameter: 422', async () => {
      const { status } = await gateway.request('/v1/entropy?block_size=16', {
        method: 'POST',
        headers: { ...keys.bearer('random'), 'content-type': 'application/json' },
        body: '{"block_size":16}',
      });
      expect([status, await served()]).toEqual([422, before]);
    });

    test('more than 1 KiB, with a length and chunked: 413', async () => {
      const body = `{"block_size":16,"x":"${'x'.repeat(1100)}"}`;
      expect((await post(body)).status).toBe(413);
      const chunked = await gateway.request('/v1/entropy', {
        method: 'POST',
        headers: { ...keys.bearer('random'), 'content-type': 'application/json' },
        body: Readable.from((body.match(/.{1,100}/g) ?? []).map((part) => Buffer.from(part))),
      });
      expect([chunked.status, await served()]).toEqual([413, before]);
    });

    test.each([
      'text/plain',
      'application/octet-stream',
      'nonsense',
      'application/json; charset=latin1',
      'text/json',
    ])('the content type %s: 415', async (type) => {
      expect((await post('{"block_size":16}', { 'content-type': type })).status).toBe(415);
      expect(await served()).toBe(before);
    });

    test('a compressed body: 415', async () => {
      expect((await post('{"block_size":16}', { 'content-encoding': 'gzip' })).status).toBe(415);
    });

    test('another method: 405 with Allow', async () => {
      for (const method of ['GET', 'HEAD', 'PUT', 'DELETE'] as const) {
        const { status, headers } = await gateway.request('/v1/entropy', {
          method,
          headers: keys.bearer('random'),
        });
        expect([method, status, headers['allow']]).toEqual([method, 405, 'POST']);
      }
    });

    test('no key, a wrong one, or one without the scope: 401 and 403, whatever the body and its type', async () => {
      for (const type of ['application/json', 'nonsense', 'application/octet-stream', 'text/plain']) {
        for (const body of ['', 'nonsense', '{"block_size":16}', 'x'.repeat(100_000)]) {
          const { status } = await gateway.request('/v1/entropy', {
            method: 'POST',
            headers: { 'content-type': type },
            body,
          });
          expect([type, status]).toEqual([type, 401]);
        }
      }
      expect((await post('{"block_size":16}', {}, 'metrics')).status).toBe(403);
      expect((await post('{"block_size":16}', {}, 'status')).status).toBe(403);
      expect(await served()).toBe(before);
    });

    test('a quota or a limit that is used up: 429 with Retry-After', async () => {
      for (const [name, body] of [
        ['poor', '{"block_size":101}'],
        ['slow', '{"block_size":0}'],
        ['slow', '{"block_size":16}'],
      ] as const) {
        const { status, headers } = await post(body, {}, name);
        if (body !== '{"block_size":0}') {
          expect([name, status, Number(headers['retry-after']) > 0]).toEqual([name, 429, true]);
        }
      }
      expect(await served()).toBe(before);
    });

    test('a body that never ends', async () => {
      const socket = connect({ port: Number(new URL(gateway.url).port), rejectUnauthorized: false });
      const head = [
        'POST /v1/entropy HTTP/1.1',
        'Host: x',
        `Authorization: ${keys.bearer('random').authorization}`,
      ];
      socket.write(
        [...head, 'Content-Type: application/json', 'Content-Length: 20', '', '{"block_size":'].join('\r\n'),
      );
      await new Promise((sent) => setTimeout(sent, 300));
      socket.destroy();
      expect((await post('{"block_size":0}')).status).toBe(422);
      expect(await served()).toBe(before);
    });
  });

  test('too little entropy: 503 with Retry-After, and nothing is taken', async () => {
    const dry = await startGateway();
    await dry.fill(40);
    const { status, headers } = await dry.request('/v1/entropy', {
      method: 'POST',
      headers: { authorization: `Bearer ${dry.apiKey}`, 'content-type': 'application/json' },
      body: '{"block_size":41}',
    });
    expect([status, Number(headers['retry-after']) > 0]).toEqual([503, true]);
    expect(await dry.metric('qrng_pool_bytes')).toBe(40);
    await dry.close();
  });
});

describe('GET /v1/capabilities', () => {
  test('says the bounds that POST /v1/entropy has', async () => {
    const { status, text } = await gateway.request('/v1/capabilities', { headers: keys.bearer('status') });
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      entropy: {
        min_block_size: 1,
        max_block_size: 65_536,
        min_block_count: 1,
        max_block_count: 1024,
        entropy_types: ['health-tested'],
        extensions: [{ name: 'qrng-dd.max_bytes', value: 65_536 }],
      },
      source_count: 0,
    });
  });

  test('says the smaller bounds of a gateway that has them', async () => {
    const small = await startGateway({ QRNG_MAX_REQUEST_BYTES: '1000' });
    const { text } = await small.get('/v1/capabilities');
    expect(JSON.parse(text)).toMatchObject({ entropy: { max_block_size: 1000, max_block_count: 1000 } });
    await small.close();
  });

  test('has no parameters: 422', async () => {
    for (const route of ['capabilities', 'healthtest']) {
      expect((await gateway.request(`/v1/${route}?x=1`, { headers: keys.bearer('random') })).status).toBe(
        422,
      );
    }
  });
});

describe('GET /v1/healthtest', () => {
  interface HealthTest {
    test_result: { test_type: string; test_result: number; time_stamp: string }[];
    extensions: { name: string; value: Record<string, string> }[];
  }
  const read = async () =>
    JSON.parse(
      (await gateway.request('/v1/healthtest', { headers: keys.bearer('random') })).text,
    ) as HealthTest;

  test('has the statistics of the bytes before a collector has said a word', async () => {
    const { test_result } = await read();
    expect(test_result.map(({ test_type }) => test_type)).toEqual([
      ...['share_of_ones', 'chi_square', 'serial_correlation', 'monte_carlo_pi', 'nist_90b_mcv'],
    ]);
  });

  test('has the share of sources that passed each test, under names that the capabilities list', async () => {
    await gateway.push(
      gateway.collector.heartbeat({
        sources: [
          { name: 'a', up: true, state: 'up', bytes: 1, healthFailures: {} },
          { name: 'b', up: false, state: 'intermittent', bytes: 1, healthFailures: { rct: 2 } },
        ],
      }),
    );
    const { test_result, extensions } = await read();
    const byType = Object.fromEntries(test_result.map((result) => [result.test_type, result.test_result]));
    expect(byType).toMatchObject({ nist_90b_rct: 0.5, nist_90b_apt: 1, chi_square_8192: 1 });
    for (const { time_stamp } of test_result) {
      expect(time_stamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(Math.abs(Date.parse(time_stamp) - Date.now())).toBeLessThan(60_000);
    }
    expect(extensions).toEqual([
      { name: 'qrng-dd.verdict', value: expect.objectContaining({ nist_90b_rct: '1 of 2 sources failed' }) },
    ]);
    const capabilities = JSON.parse(
      (await gateway.request('/v1/capabilities', { headers: keys.bearer('random') })).text,
    ) as { source_count: number; healthtest: { test_threshold: { test_type: string }[] } };
    expect(capabilities.source_count).toBe(2);
    const known = capabilities.healthtest.test_threshold.map(({ test_type }) => test_type);
    expect(known).toEqual(expect.arrayContaining(test_result.map(({ test_type }) => test_type)));
  });
});

describe('docs/qrng-open-api.yaml', () => {
  const file = 'docs/qrng-open-api.yaml';

  test('is what the controllers say; QRNG_UPDATE_DOCUMENTS=yes writes it', async () => {
    const document = await qrngOpenApi(gateway.app);
    if (process.env['QRNG_UPDATE_DOCUMENTS'] === 'yes') writeFileSync(file, document);
    expect(readFileSync(file, 'utf8')).toBe(document);
  });

  test('stands alone, and lints clean', async () => {
    const document = readFileSync(file, 'utf8');
    const { paths } = parse(document) as { paths: object };
    expect(Object.keys(paths).sort()).toEqual(['/capabilities', '/entropy', '/healthtest']);
    expect(await lintOpenApi(document)).toBe('');
  }, 120_000);
});
