import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { TestKeys } from '../support/api-keys.js';
import { startGateway } from '../support/gateway.js';
import type { Answer } from '../support/gateway-client.js';
import type { TestGateway } from '../support/gateway.js';
import { lintOpenApi } from '../support/lint-open-api.js';

interface Response {
  headers?: Record<string, unknown>;
  content?: Record<
    string,
    { schema: object; example?: unknown; examples?: Record<string, { value: unknown }> }
  >;
}
interface Parameter {
  name: string;
  in: string;
  required: boolean;
  schema: { type: string; minimum?: number; maximum?: number; default?: unknown; enum?: unknown[] };
}
interface Operation {
  operationId: string;
  parameters?: Parameter[];
  responses: Record<string, Response & { $ref?: string }>;
  security: Record<string, string[]>[];
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, object>>;
}

const keys = new TestKeys({
  metrics: { scopes: ['metrics'] },
  limited: { requestsPerMinute: 1 },
  poor: { bytesPerDay: 1 },
});
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);

let gateway: TestGateway;
let document: Document;
let paths: string[] = [];
beforeAll(async () => {
  gateway = await startGateway({ QRNG_API_KEYS_FILE: keys.path, QRNG_BUFFER_SIZE: String(32 * 2 ** 20) });
  document = JSON.parse((await gateway.request('/docs-json')).text) as Document;
  paths = Object.keys(document.paths);
  ajv.addSchema(closed(document) as Document, 'openapi');
});
afterAll(() => gateway.close());

/** The document with objects that have no members but those described: an answer that says more is not described. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const members = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, closed(value)]));
  return 'properties' in node ? { ...members, additionalProperties: false } : members;
}

/** No path has two. */
function methodOf(path: string): 'get' | 'post' {
  return document.paths[path]?.['post'] === undefined ? 'get' : 'post';
}

function operation(path: string): Operation {
  const found = document.paths[path]?.[methodOf(path)];
  if (found === undefined) throw new Error(`${path} is not described`);
  return found;
}

/** The response that the document has for a status, and the JSON pointer to it. */
function responseFor(path: string, status: number): { response: Response; pointer: string } {
  const { responses } = operation(path);
  const direct = responses[status];
  if (direct === undefined) throw new Error(`${path} does not describe ${status}`);
  const name = direct.$ref?.replace('#/components/responses/', '');
  if (name === undefined) {
    return {
      response: direct,
      pointer: `/paths/${path.replaceAll('/', '~1')}/${methodOf(path)}/responses/${status}`,
    };
  }
  return {
    response: document.components['responses']?.[name] as Response,
    pointer: `/components/responses/${name}`,
  };
}

function check(pointer: string, value: unknown): void {
  const validate = ajv.getSchema(`openapi#${encodeURI(pointer)}`);
  if (validate === undefined) throw new Error(`no schema at ${pointer}`);
  expect([pointer, validate(value), validate.errors]).toEqual([pointer, true, null]);
}

/** Status, type, fields and body are as the document says. */
function fits(path: string, { status, headers, text }: Answer): void {
  const { response, pointer } = responseFor(path, status);
  const type = String(headers['content-type']).split(';')[0] ?? '';
  expect([path, status, Object.keys(response.content ?? {})]).toEqual([
    path,
    status,
    expect.arrayContaining([type]),
  ]);
  if (type.endsWith('json')) {
    check(`${pointer}/content/${type.replaceAll('/', '~1')}/schema`, JSON.parse(text));
  }
  for (const name of Object.keys(response.headers ?? {})) {
    const value = headers[name.toLowerCase()];
    if (name === 'Preference-Applied' && value === undefined) continue; // only to a request with Prefer
    expect([path, status, name, value]).toEqual([path, status, name, expect.any(String)]);
    check(`/components/headers/${name}/schema`, /^\d+$/.test(String(value)) ? Number(value) : value);
  }
}

function url(path: string, overrides: Record<string, unknown> = {}): string {
  const required = (operation(path).parameters ?? []).filter((parameter) => parameter.required);
  const query = {
    ...Object.fromEntries(required.map(({ name, schema }) => [name, schema.minimum])),
    ...overrides,
  };
  return `${path}?${new URLSearchParams(Object.entries(query).map(([name, value]): [string, string] => [name, String(value)])).toString()}`;
}

/** A request to a path as it is described, with the method and a body that it takes. */
function ask(
  path: string,
  headers: Record<string, string>,
  overrides: Record<string, unknown> = {},
): Promise<Answer> {
  if (methodOf(path) === 'get') return gateway.request(url(path, overrides), { headers });
  return gateway.request(url(path, overrides), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"block_size":32}',
  });
}

function withKey(headers: Record<string, string> = {}): Record<string, string> {
  return { authorization: `Bearer ${gateway.apiKey}`, prefer: 'wait=0', ...headers };
}

test('is OpenAPI 3.1 and lints clean', async () => {
  expect(document.openapi).toBe('3.1.0');
  expect(await lintOpenApi(JSON.stringify(document))).toBe('');
});

test('is the same as YAML', async () => {
  expect(parse((await gateway.request('/docs-yaml')).text)).toEqual(document);
});

test('describes the routes of the contract, each with an id of its own', () => {
  expect(paths.sort()).toEqual(
    [
      ...['random', 'integers', 'floats', 'gaussians', 'strings', 'uuid', 'permutation', 'stream'],
      ...['quality', 'usage', 'status'],
    ]
      .map((name) => `/api/${name}`)
      .concat('/v1/capabilities', '/v1/entropy', '/v1/healthtest')
      .concat('/health', '/health/live', '/health/ready', '/metrics')
      .sort(),
  );
  expect(new Set(paths.map((path) => operation(path).operationId)).size).toBe(paths.length);
});

test('has an example for every JSON answer and every problem, and each fits its schema', () => {
  const holders: [string, Response][] = [
    ...paths.map((path): [string, Response] => [
      `/paths/${path.replaceAll('/', '~1')}/${methodOf(path)}/responses/200`,
      responseFor(path, 200).response,
    ]),
    ...Object.entries(document.components['responses'] ?? {}).map(([name, response]): [string, Response] => [
      `/components/responses/${name}`,
      response as Response,
    ]),
  ];
  for (const [pointer, { content = {} }] of holders) {
    for (const [type, { example, examples = {} }] of Object.entries(content)) {
      const values = [
        ...(example === undefined ? [] : [example]),
        ...Object.values(examples).map(({ value }) => value),
      ];
      if (type.endsWith('json')) expect([pointer, values.length]).not.toEqual([pointer, 0]);
      for (const value of values) check(`${pointer}/content/${type.replaceAll('/', '~1')}/schema`, value);
    }
  }
});

describe('live answers fit it', () => {
  test('while the pool is empty', async () => {
    for (const path of paths) fits(path, await ask(path, withKey()));
  });

  test('while there is entropy, with and without a collector that reports telemetry', async () => {
    await gateway.fill(20_000_000);
    for (const path of paths) fits(path, await ask(path, withKey()));
    await gateway.push(
      gateway.collector.heartbeat({
        sources: [
          { name: 'a', up: true, state: 'up', bytes: 1, healthFailures: {} },
          {
            name: 'b',
            up: false,
            state: 'failing',
            bytes: 1,
            healthFailures: { repetition: 2 },
            lastError: 'timeout',
          },
        ],
      }),
    );
    const status = await gateway.get('/api/status');
    fits('/api/status', status);
    expect(JSON.parse(status.text)).toMatchObject({
      warnings: ['Collector collector-1 does not use its source b (failing, timeout).'],
      collectors: [{ name: 'collector-1', sources: [{ name: 'a' }, { name: 'b' }] }],
    });
  });

  test('when they are errors', async () => {
    for (const path of paths.filter((path) => /^\/(api|v1)\//.test(path))) {
      const told = new Set<number>();
      const answers = [
        await ask(path, withKey(), { unknown: 1 }),
        await ask(path, {}),
        await ask(path, keys.bearer('metrics')),
        await ask(path, withKey({ range: 'bytes=0-1' })),
        await ask(path, withKey({ 'if-match': '*' })),
        await ask(path, withKey({ 'content-type': 'text/plain' })),
        await gateway.request(path, {
          method: 'POST',
          headers: withKey({ 'content-type': 'application/json' }),
          body: ' '.repeat(2000),
        }),
        await ask(path, keys.bearer('limited')),
        await ask(path, keys.bearer('limited')),
        await ask(path, keys.bearer('poor')),
      ].filter(({ status }) => status !== 405);
      for (const answer of answers) {
        fits(path, answer);
        told.add(answer.status);
      }
      const described = Object.keys(operation(path).responses).filter((status) => /^4\d\d$/.test(status));
      // What Node answers before a route is known is the same everywhere: problems.spec.ts.
      expect([path, described.filter((status) => !told.has(Number(status)))]).toEqual([
        path,
        path.startsWith('/v1/') ? ['400', '408', '431'] : ['408', '431'],
      ]);
    }
  });
});

describe('generated clients can trust it', () => {
  /** Every object in it, with its path. */
  function* nodes(node: unknown, path = ''): Generator<[string, Record<string, unknown>]> {
    if (typeof node !== 'object' || node === null) return;
    if (!Array.isArray(node)) yield [path, node as Record<string, unknown>];
    for (const [name, value] of Object.entries(node)) yield* nodes(value, `${path}/${name}`);
  }
  const where = (holds: (node: Record<string, unknown>) => boolean) =>
    [...nodes(document)].filter(([, node]) => holds(node)).map(([path]) => path);
  const types = ({ type }: Record<string, unknown>) => (Array.isArray(type) ? type : [type]) as unknown[];

  test('each number has the width that it needs, each answer of bytes is binary', () => {
    expect(where((node) => types(node).includes('integer') && node['format'] !== 'int64')).toEqual([]);
    expect(where((node) => types(node).includes('number') && node['format'] !== 'double')).toEqual([]);
    const octets = where((node) => 'application/octet-stream' in node);
    expect(octets).toEqual(
      ['/api/random', '/api/stream'].map((path) => `/paths/${path}/get/responses/200/content`),
    );
    for (const path of ['/api/random', '/api/stream']) {
      const { content } = responseFor(path, 200).response;
      expect(content?.['application/octet-stream']?.schema).toEqual({ type: 'string', format: 'binary' });
    }
  });

  test('answers may grow: no answer forbids further members, or lists all values of a member', () => {
    expect(where((node) => node['additionalProperties'] === false)).toEqual([]);
    expect(where((node) => 'enum' in node).filter((path) => !path.includes('/parameters/'))).toEqual([]);
  });

  test('each status is named', () => {
    expect([...nodes(document)].filter(([path]) => /\/(?:default|[1-5]XX)$/.test(path))).toEqual([]);
  });

  test('an API key is no JSON web token', () => {
    expect(where((node) => 'bearerFormat' in node)).toEqual([]);
  });

  test('objects are components with names, and no more of them than there are', () => {
    const inline = where((node) => 'properties' in node).filter(
      (path) => !/^\/components\/schemas\/\w+$/.test(path),
    );
    expect(inline).toEqual([]);
    expect(Object.keys(document.components['schemas'] ?? {}).sort()).toEqual([
      ...[
        'Blocks',
        'BlocksRequest',
        'Capabilities',
        'CollectorStatus',
        'EntropyCapabilities',
        'FeedStatus',
        'HealthIndicator',
        'HealthReport',
        'HealthTest',
        'HealthTestCapabilities',
        'MixingStatus',
        'ParameterError',
        'PoolStatus',
      ],
      ...[
        'Problem',
        'Quality',
        'SourceStatus',
        'Statistic',
        'Statistics',
        'Status',
        'TestResult',
        'TestThreshold',
        'Throughput',
        'Totals',
        'Usage',
      ],
    ]);
  });

  test('the example of a bad parameter is what a bad parameter gets', async () => {
    const { examples } =
      (document.components['responses']?.['Problem400'] as Response).content?.['application/problem+json'] ??
      {};
    const { requestId, ...answer } = JSON.parse((await gateway.get('/api/random?bytes=0')).text) as {
      requestId: string;
    };
    expect(examples?.['invalid-parameter']?.value).toEqual({ ...answer, requestId: expect.any(String) });
    expect(requestId).not.toBe('');
  });
});

function queryOf(path: string): Parameter[] {
  return (operation(path).parameters ?? []).filter((parameter) => parameter.in === 'query');
}

test('every bound in it is the bound of the route', async () => {
  const refused: string[] = [];
  for (const path of paths) {
    for (const { name, schema } of queryOf(path)) {
      const answers = async (value: unknown) => (await gateway.get(url(path, { [name]: value }))).status;
      for (const value of [schema.default, schema.minimum, schema.maximum, ...(schema.enum ?? [])]) {
        // The other bound of a range has its default.
        const inOrder =
          !(name === 'min' && value === schema.maximum) && !(name === 'max' && value === schema.minimum);
        if (value !== undefined && inOrder) {
          expect([path, name, value, await answers(value)]).toEqual([path, name, value, 200]);
        }
      }
      for (const value of beyond(schema)) {
        if (schema.type === 'string' && schema.enum === undefined) continue;
        expect([path, name, value, await answers(value)]).toEqual([path, name, value, 400]);
        refused.push(name);
      }
    }
  }
  expect(refused.length).toBeGreaterThan(40);
});

/** Values that a bound, or the type, excludes. */
function beyond({ type, minimum, maximum }: Parameter['schema']): unknown[] {
  // Next to 1e300 a step of 1 is nothing.
  const further = (bound: number | undefined, step: number) =>
    bound === undefined ? [] : [type === 'integer' ? bound + step : bound * 2];
  return [...further(minimum, -1), ...further(maximum, 1), 'nonsense'];
}
