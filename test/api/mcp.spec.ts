/** /mcp with the official client: both eras of the protocol, every tool, the gate, the quota. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fetch } from 'undici';
import { TestKeys } from '../support/api-keys.js';
import { startGateway } from '../support/gateway.js';
import type { Answer } from '../support/gateway-client.js';
import type { TestGateway } from '../support/gateway.js';

const keys = new TestKeys({
  all: { scopes: ['random', 'status', 'metrics'] },
  random: { scopes: ['random'] },
  status: { scopes: ['status'] },
  metrics: { scopes: ['metrics'] },
  poor: { scopes: ['random'], bytesPerDay: 100 },
});

const DRAWS = [
  ...[
    'get_random_bytes',
    'get_random_integers',
    'get_random_floats',
    'get_random_gaussians',
    'get_random_strings',
  ],
  ...['get_random_uuid', 'get_permutation', 'choose', 'roll_dice'],
];
const REPORTS = ['get_status', 'get_data_quality', 'get_usage'];

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ QRNG_API_KEYS_FILE: keys.path, QRNG_BUFFER_SIZE: '4000000' });
  await gateway.fill(2_000_000);
});
afterAll(() => gateway.close());

async function connect(mode: 'auto' | 'legacy', name = 'all', url = gateway.url): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } });
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', url), {
    requestInit: { headers: keys.bearer(name) },
    fetch: ((input: string, init: object) => fetch(input, { ...init, dispatcher: gateway.agent })) as never,
  });
  await client.connect(transport);
  return client;
}

/** What a tool answered, as the client has checked it against its schema. */
async function call(
  client: Client,
  name: string,
  given: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const { isError, content, structuredContent } = await client.callTool({
    name,
    arguments: given,
  });
  const [text] = content;
  expect([name, isError ?? false, text]).toEqual([
    name,
    false,
    { type: 'text', text: JSON.stringify(structuredContent) },
  ]);
  return structuredContent as Record<string, unknown>;
}

/** What a tool was refused with. */
async function refusal(client: Client, name: string, given: Record<string, unknown> = {}): Promise<string> {
  const { isError, content } = await client.callTool({ name, arguments: given });
  expect([name, isError]).toEqual([name, true]);
  const [text] = content;
  return text?.type === 'text' ? text.text : '';
}

async function served(): Promise<number> {
  const { text } = await gateway.get('/metrics');
  return [...text.matchAll(/^qrng_entropy_served_bytes_total\{.*\} (\d+)$/gm)].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  );
}

function post(body: string | Buffer, headers: Record<string, string> = {}, name = 'all'): Promise<Answer> {
  return gateway.request('/mcp', {
    method: 'POST',
    headers: {
      ...keys.bearer(name),
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body,
  });
}

test('a page of another origin is refused, though it has a key: its browser may carry it here under a rebound name', async () => {
  const list = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/list' });
  const refused = await post(list, { origin: 'https://evil.example' });
  expect([refused.status, JSON.parse(refused.text)]).toEqual([
    403,
    {
      jsonrpc: '2.0',
      id: 7,
      error: { code: -32_600, message: 'Pages of this origin may not call (QRNG_CORS_ORIGINS).' },
    },
  ]);
  for (const origin of [gateway.url, 'http://localhost:6274']) {
    expect((await post(list, { origin })).status).toBe(200);
  }
});

describe.each(['auto', 'legacy'] as const)('the official client, %s', (mode) => {
  let client: Client;
  beforeAll(async () => {
    client = await connect(mode);
  });
  afterAll(() => client.close());

  test('agrees on a revision of the protocol, and reads what not to do', () => {
    expect(client.getServerVersion()).toMatchObject({ name: 'qrng-dd' });
    expect(client.getInstructions()).toContain('Never use what a tool returns as a key');
    expect(client.getNegotiatedProtocolVersion()).toBe(mode === 'auto' ? '2026-07-28' : '2025-11-25');
  });

  test('lists every tool, with schemas and hints', async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([...DRAWS, ...REPORTS]);
    for (const { name, title, description = '', inputSchema, outputSchema, annotations } of tools) {
      expect([name, title, inputSchema.type, outputSchema?.['type']]).toEqual([
        name,
        expect.any(String),
        'object',
        'object',
      ]);
      expect(description).toMatch(/^[A-Z].*\.$/);
      expect(annotations).toEqual({
        readOnlyHint: REPORTS.includes(name),
        destructiveHint: false,
        idempotentHint: false,
        openWorldHint: false,
      });
    }
    expect(tools.find(({ name }) => name === 'get_random_bytes')?.description).toContain(
      'Not for keys or passwords',
    );
  });

  test('draws', async () => {
    expect(await call(client, 'get_random_bytes')).toEqual({
      bytes: expect.stringMatching(/^[0-9a-f]{64}$/),
      encoding: 'hex',
    });
    const { bytes } = await call(client, 'get_random_bytes', { count: 100, encoding: 'base64' });
    expect(Buffer.from(String(bytes), 'base64')).toHaveLength(100);
    const { values } = await call(client, 'get_random_integers', { count: 6, min: 1, max: 6, unique: true });
    expect([...(values as number[])].sort()).toEqual([1, 2, 3, 4, 5, 6]);
    for (const [name, given] of [
      ['get_random_floats', { count: 3 }],
      ['get_random_gaussians', { count: 3, mean: 100, stddev: 0.5 }],
      ['get_random_strings', { count: 3, length: 5, alphabet: 'ab' }],
      ['get_random_uuid', { count: 3, version: 7 }],
      ['get_permutation', { n: 3 }],
    ] as const) {
      expect((await call(client, name, given))['values']).toHaveLength(3);
    }
    const { chosen } = await call(client, 'choose', { items: ['a', 'b', 'c'], count: 3 });
    expect([...(chosen as string[])].sort()).toEqual(['a', 'b', 'c']);
    expect((await call(client, 'choose', { items: ['a'], count: 5, unique: false }))['chosen']).toEqual(
      Array(5).fill('a'),
    );
    const { rolls, total } = await call(client, 'roll_dice', { notation: '3d6+2' });
    const [{ results }] = rolls as [{ results: number[] }];
    expect(total).toBe(results.reduce((sum, value) => sum + value, 2));
  });

  test('reports what the routes report, and takes nothing', async () => {
    const before = await served();
    const { client: name, scopes } = await call(client, 'get_usage');
    expect([name, scopes]).toEqual(['all', ['random', 'status', 'metrics']]);
    expect(await call(client, 'get_status')).toMatchObject({
      pool: { capacity: 4_000_000 },
      warnings: expect.any(Array),
    });
    expect(await call(client, 'get_data_quality')).toMatchObject({
      statistics: { ones: { verdict: expect.any(String) } },
    });
    expect(await served()).toBe(before);
  });

  test('is refused what is out of bounds, in words for the model, and nothing is taken', async () => {
    const before = await served();
    for (const [name, given, detail] of [
      ['get_random_bytes', { count: 0 }, 'count must be a whole number from 1 to 65536.'],
      ['get_random_bytes', { count: '5' }, 'count must be a whole number from 1 to 65536.'],
      ['get_random_bytes', { count: 1.5 }, 'count must be a whole number from 1 to 65536.'],
      ['get_random_bytes', { encoding: 'binary' }, 'encoding must be one of hex, base64, base64url.'],
      ['get_random_bytes', { bytes: 5 }, 'bytes is not a parameter here; it has count, encoding.'],
      [
        'get_random_integers',
        { min: 5, max: 1 },
        'min must be at most max, which is 1; max must be at least min, which is 5.',
      ],
      ['get_random_integers', { unique: 'true' }, 'unique must be one of true, false.'],
      ['get_random_strings', { alphabet: '%' }, 'alphabet must be 2 to 256 different characters.'],
      ['get_random_strings', { alphabet: 'aa' }, 'alphabet must be 2 to 256 different characters.'],
      ['get_permutation', {}, 'n is required: a whole number from 1 to 10000.'],
      ['choose', { items: [] }, 'items must be a list of 1 to 1000 texts of at most 1000 characters.'],
      ['choose', { items: ['a', 1] }, 'items must be a list of 1 to 1000 texts of at most 1000 characters.'],
      [
        'choose',
        { items: ['a'], count: 2 },
        'count must be at most 1, the number of items, unless unique is false.',
      ],
      [
        'roll_dice',
        { notation: 'x' },
        'notation must be dice such as 3d6+2: 1 to 1000 of them, of 2 to 1000000 sides.',
      ],
      ['get_status', { x: 1 }, 'x is not a parameter here; it has none.'],
    ] as const) {
      expect([name, await refusal(client, name, given)]).toEqual([name, detail]);
    }
    expect(await served()).toBe(before);
  });

  test('has no tool that it does not list', async () => {
    await expect(client.callTool({ name: 'generate_key' })).rejects.toThrow('no tool generate_key');
  });
});

describe('the gate', () => {
  test('stands before it: 401 without a key, whatever is sent, and for each method', async () => {
    for (const method of ['POST', 'GET', 'DELETE', 'HEAD', 'PUT'] as const) {
      const { status, headers } = await gateway.request('/mcp', { method });
      expect([method, status, headers['www-authenticate']]).toEqual([method, 401, 'Bearer']);
    }
    for (const type of ['application/json', 'nonsense', 'application/octet-stream']) {
      const body = `{"jsonrpc":"2.0","id":1,"method":"ping"}${' '.repeat(100_000)}`;
      const answer = await gateway.request('/mcp', {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      });
      expect([type, answer.status]).toEqual([type, 401]);
    }
  });

  test('shows a key the tools that it has the scopes for, and no others', async () => {
    for (const [name, tools] of [
      ['random', [...DRAWS, 'get_data_quality', 'get_usage']],
      ['status', REPORTS],
      ['metrics', ['get_usage']],
    ] as const) {
      const client = await connect('auto', name);
      const listed = await client.listTools();
      expect(listed.tools.map((tool) => tool.name)).toEqual(tools);
      if (name !== 'random') {
        await expect(client.callTool({ name: 'get_random_bytes' })).rejects.toThrow(
          'no tool get_random_bytes',
        );
      }
      await client.close();
    }
  });

  test('counts each message against the limits of the key', async () => {
    const limited = await startGateway({ QRNG_API_KEYS_FILE: keys.path, QRNG_RATE_LIMIT_MAX: '5' });
    const body = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
    const statuses = [];
    for (let i = 0; i < 7; i++) {
      const { status } = await limited.request('/mcp', {
        method: 'POST',
        headers: {
          ...keys.bearer('all'),
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body,
      });
      statuses.push(status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
    await limited.close();
  });

  test('answers a client of 2025 in JSON too, with the fields of every answer', async () => {
    const { status, text, headers } = await post('{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'application/json; charset=utf-8',
      'no-store',
    ]);
    expect(headers['content-length']).toBe(String(Buffer.byteLength(text)));
    expect(JSON.parse(text)).toMatchObject({ id: 1, result: { tools: expect.any(Array) } });
  });

  test('lets no batch through: that would be many calls for one', async () => {
    const one = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_random_bytes"}}';
    const before = await served();
    const { status, text } = await post(`[${one},${one}]`);
    expect([status, JSON.parse(text)]).toMatchObject([400, { error: { code: -32_600 } }]);
    expect(await served()).toBe(before);
  });

  test('reads 64 KiB at most', async () => {
    expect((await post(`{"jsonrpc":"2.0","id":1,"method":"ping","x":"${'x'.repeat(66_000)}"}`)).status).toBe(
      413,
    );
  });

  test.each(['nonsense', '', '1', 'null', '"x"'])('answers %j with an error of JSON-RPC', async (body) => {
    const { status, text } = await post(body);
    expect([status, JSON.parse(text)]).toMatchObject([
      400,
      { jsonrpc: '2.0', error: { code: expect.any(Number) } },
    ]);
  });

  test.each([
    ['a member named twice', '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}'],
    [
      'an argument named twice',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_random_bytes","arguments":{"count":1,"count":2}}}',
    ],
    ['what is no UTF-8', Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping","x":"\xff"}', 'latin1')],
    [
      'objects 33 deep',
      `{"jsonrpc":"2.0","id":1,"method":"ping","x":${'{"a":'.repeat(32)}1${'}'.repeat(33)}`,
    ],
    [
      'an object of 101 members',
      `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":[{"k":1${Array.from({ length: 100 }, (_, i) => `,"k${i}":1`).join('')}}]}}`,
    ],
    ['objects 9000 deep', `${'{"a":'.repeat(9000)}1${'}'.repeat(9000)}`],
    [
      'lists 30000 deep',
      `{"jsonrpc":"2.0","id":1,"method":"x","params":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
    ],
  ])('refuses %s, and draws nothing', async (_, body) => {
    const before = await served();
    const { status, text } = await post(body);
    expect([status, JSON.parse(text)]).toMatchObject([
      400,
      { jsonrpc: '2.0', error: { code: expect.any(Number) } },
    ]);
    expect(await served()).toBe(before);
  });

  test('has no sessions and no streams: GET and DELETE are 405', async () => {
    for (const method of ['GET', 'DELETE'] as const) {
      const { status, headers } = await gateway.request('/mcp', { method, headers: keys.bearer('all') });
      expect([method, status, headers['allow']]).toEqual([method, 405, 'POST']);
    }
    const listen =
      '{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}';
    const { headers } = await post(listen, {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'subscriptions/listen',
    });
    expect(headers['content-type']).toContain('json');
  });
});

test('a quota that is used up, and a pool that is empty, are reported to the model, with the time to wait', async () => {
  const poor = await connect('auto', 'poor');
  expect(await refusal(poor, 'get_random_bytes', { count: 101 })).toContain(
    'of its 100 bytes for the day left',
  );
  await call(poor, 'get_random_bytes', { count: 60 });
  expect(await call(poor, 'get_usage')).toMatchObject({ bytes: 60, bytesLeft: 40 });
  await poor.close();
  const dry = await startGateway({ QRNG_API_KEYS_FILE: keys.path });
  const client = await connect('auto', 'all', dry.url);
  expect(await refusal(client, 'get_random_bytes')).toMatch(/try again later\. Try again in \d+ s\.$/);
  await client.close();
  await dry.close();
});
