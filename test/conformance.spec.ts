/** `npm run conformance`: this gateway conforms, and a server that breaks a rule is found out. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Agent } from 'undici';
import { examine, RULES } from '../tools/conformance/run.js';
import type { Finding } from '../tools/conformance/run.js';
import { Server } from '../tools/conformance/server.js';
import { startGateway, temporaryFolder, testAuthority } from './support/gateway.js';
import type { TestGateway } from './support/gateway.js';
import { runTool } from './support/run-tool.js';

async function findings(server: Server): Promise<Finding[]> {
  const all: Finding[] = [];
  for await (const finding of examine(server)) all.push(finding);
  return all;
}

/** The rules that have this verdict. */
function idsOf(all: readonly Finding[], verdict: string): string[] {
  return all.filter((finding) => finding.verdict === verdict).map(({ rule }) => rule.id);
}

test('the table of docs/qrng-open-api.md has each rule, and no other', () => {
  const page = readFileSync('docs/qrng-open-api.md', 'utf8');
  const rows = [...page.matchAll(/^\| ([A-Z]\d+) \| (.*) \| (\w+) \|$/gm)].map(([, ...row]) => row);
  expect(rows).toEqual(RULES.map(({ id, text, basis }) => [id, text, basis]));
});

describe('this gateway', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
    await gateway.fill(1_000_000);
  });
  afterAll(() => gateway.close());

  test('conforms to every rule', async () => {
    for (const header of ['bearer', 'x-api-key'] as const) {
      const server = new Server(`${gateway.url}/v1`, gateway.apiKey, header, gateway.agent, 0);
      const all = await findings(server);
      expect(all.filter(({ verdict }) => verdict !== 'conforms')).toEqual([]);
    }
  });

  test('conforms to every rule with the limits that it has by default, through the command', async () => {
    const limited = await startGateway({ QRNG_RATE_LIMIT_MAX: '100', QRNG_RATE_LIMIT_BURST: '20' });
    await limited.fill(1_000_000);
    const ca = join(temporaryFolder(), 'ca.pem');
    writeFileSync(ca, (await testAuthority()).certificatePem);
    const env = { QRNG_API_KEY: limited.apiKey, QRNG_CA_FILE: ca };
    const { code, stdout } = await runTool('conformance', ['--strict', `${limited.url}/v1/`], env);
    expect(stdout).toContain(`conforms to ${RULES.length} of ${RULES.length} rules`);
    expect(code).toBe(0);
    await limited.close();
  });
});

describe('the command', () => {
  test.each([
    [64, []],
    [64, ['nonsense']],
    [64, ['http://127.0.0.1:1/v1', '--header', 'cookie']],
    [64, ['http://127.0.0.1:1/v1', '--ca', '/nothing']],
    [69, ['http://127.0.0.1:1/v1']],
    [0, ['--help']],
  ])('ends with %i for %j', async (code, args) => {
    expect(await runTool('conformance', args, {})).toMatchObject({ code });
  });

  test('ends with 1 for a server that is none', async () => {
    const server = createServer((_, response) => response.end('hello'));
    const port = await listening(server);
    expect(await runTool('conformance', [`http://127.0.0.1:${port}`], {})).toMatchObject({ code: 1 });
    server.close();
  });
});

/** A server of another vendor: small, conforming, without a prefix, and with faults on demand. */
interface Vendor {
  readonly capabilities: Record<string, unknown>;
  readonly healthtest: unknown;
  /** Whether the token is wanted in this header. */
  readonly accepts: (headers: IncomingMessage['headers']) => boolean;
  /** The status for a request for blocks. */
  readonly judge: (request: Record<string, unknown>) => number;
  readonly block: (size: number) => string;
  readonly blocks: (count: number) => number;
}

const TOKEN = 'a-token-of-the-vendor';
const ENTROPY = {
  min_block_size: 8,
  max_block_size: 64,
  max_block_count: 16,
  entropy_types: ['raw', 'whitened'],
};
const GOOD: Vendor = {
  capabilities: {
    entropy: ENTROPY,
    source_count: 1,
    healthtest: { test_threshold: [{ test_type: 'nist_90b', time_stamp: '2026-09-14T10:00:00Z' }] },
  },
  healthtest: {
    test_result: [
      {
        test_type: 'nist_90b',
        test_result: 0.94,
        time_stamp: '2026-09-14T10:00:00Z',
        report_link: 'https://x/y',
      },
    ],
  },
  accepts: ({ authorization }) => authorization === `Bearer ${TOKEN}`,
  judge: ({ block_size: size, block_count: count = 1, entropy_type: type = 'raw' }) =>
    Number.isInteger(size) &&
    Number(size) >= 8 &&
    Number(size) <= 64 &&
    Number(count) >= 1 &&
    Number(count) <= 16 &&
    ['raw', 'whitened'].includes(String(type))
      ? 200
      : 422,
  block: (size) => randomBytes(size).toString('base64'),
  blocks: (count) => count,
};

const vendors: HttpServer[] = [];
afterEach(() => {
  for (const vendor of vendors.splice(0)) vendor.close();
});

async function listening(server: HttpServer): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

async function respond(vendor: Vendor, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = (status: number, body: unknown = {}) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (!vendor.accepts(request.headers)) return void answer(401);
  if (request.url === '/capabilities') return void answer(200, vendor.capabilities);
  if (request.url === '/healthtest') return void answer(200, vendor.healthtest);
  if (request.url !== '/entropy' || request.method !== 'POST') {
    return void response.writeHead(405, { allow: 'POST' }).end();
  }
  const body = await json(request).catch(() => ({}));
  const { block_size: size, block_count = 1 } = body as { block_size?: unknown; block_count?: number };
  const status = vendor.judge(body as Record<string, unknown>);
  const count = vendor.blocks(block_count);
  answer(status, {
    entropy: status === 200 ? Array.from({ length: count }, () => vendor.block(Number(size ?? 8))) : [],
  });
}

async function examined(faults: Partial<Vendor>): Promise<Finding[]> {
  const server = createServer((request, response) => void respond({ ...GOOD, ...faults }, request, response));
  vendors.push(server);
  const url = `http://127.0.0.1:${await listening(server)}`;
  const agent = new Agent();
  try {
    return await findings(new Server(url, TOKEN, 'bearer', agent, 0));
  } finally {
    await agent.destroy();
  }
}

const entropy = (changes: object) => ({
  capabilities: { ...GOOD.capabilities, entropy: { ...ENTROPY, ...changes } },
});
const result = (changes: object) => ({
  healthtest: {
    test_result: [{ test_type: 'x', test_result: 1, time_stamp: '2026-09-14T10:00:00Z', ...changes }],
  },
});

describe('a server of another vendor', () => {
  test('that conforms gets a pass, and where it differs from our judgement', async () => {
    const all = await examined({});
    expect(idsOf(all, 'breaks')).toEqual([]);
    expect(idsOf(all, 'differs')).toEqual(
      ['A3', 'R8', 'R10'].filter((id) => idsOf(all, 'differs').includes(id)),
    );
    expect(idsOf(all, 'differs')).toContain('A3');
  });

  test('without tests and types is not asked about them', async () => {
    const { max_block_size, max_block_count } = ENTROPY;
    const all = await examined({
      capabilities: { entropy: { max_block_size, max_block_count, min_block_size: 8 } },
    });
    expect(idsOf(all, 'breaks')).toEqual([]);
    expect(idsOf(all, 'does not apply')).toEqual(['C4', 'C6', 'C7', 'E4', 'H1', 'H2', 'H3', 'H4']);
  });

  test.each<[string, Partial<Vendor>]>([
    ['A1', { accepts: ({ 'x-api-key': key }) => key === TOKEN }],
    ['A2', { accepts: () => true }],
    ['C1', { capabilities: {} }],
    ['C2', entropy({ max_block_size: undefined })],
    ['C2', entropy({ max_block_size: 7 })],
    ['C2', entropy({ max_block_size: '64' })],
    ['C3', entropy({ max_block_count: undefined })],
    ['C3', entropy({ min_block_count: 17 })],
    ['C4', entropy({ entropy_types: ['raw', 'raw'] })],
    ['C4', entropy({ entropy_types: 'raw' })],
    ['C5', entropy({ extensions: {} })],
    ['C5', { capabilities: { ...GOOD.capabilities, extensions: ['x'] } }],
    ['C6', { capabilities: { ...GOOD.capabilities, healthtest: {} } }],
    ['C6', { capabilities: { ...GOOD.capabilities, healthtest: { test_threshold: [{ test_type: 'x' }] } } }],
    ['C7', { capabilities: { ...GOOD.capabilities, source_count: 'one' } }],
    ['E1', { blocks: () => 2 }],
    ['E2', { blocks: (count) => Math.min(count, 2) }],
    ['E2', { block: (size) => randomBytes(size).toString('base64url') }],
    ['E2', { block: (size) => randomBytes(size).toString('base64').replaceAll('=', '') }],
    ['E2', { block: (size) => randomBytes(size + 1).toString('base64') }],
    ['E2', { block: (size) => randomBytes(size).toString('hex') }],
    ['E3', entropy({ max_block_size: 65 })],
    ['E4', entropy({ entropy_types: ['raw', 'other'] })],
    ['E5', { block: (size) => Buffer.alloc(size, 7).toString('base64') }],
    ['R1', { judge: (request) => ('block_size' in request ? GOOD.judge(request) : 400) }],
    ['R2', { judge: ({ block_size: size }) => (Number(size) > 64 ? 200 : 422) }],
    ['R3', { judge: () => 200 }],
    ['R4', { judge: () => 200 }],
    ['R5', { judge: () => 200 }],
    ['R6', { judge: () => 200 }],
    ['R8', { judge: ({ block_size: size }) => (Number(size) >= 8 ? 200 : 422) }],
    ['R9', { judge: ({ block_size: size }) => (Number(size) >= 8 ? 200 : 422) }],
    ['H1', { healthtest: { test_result: {} } }],
    ['H2', result({ time_stamp: undefined })],
    ['H2', result({ test_result: undefined })],
    ['H3', result({ time_stamp: '2023-09-13T08:34:4502' })],
    ['H4', result({ report_link: 'not a link' })],
  ])('that breaks %s is found out (%#)', async (id, faults) => {
    const all = await examined(faults);
    expect([...idsOf(all, 'breaks'), ...idsOf(all, 'differs')]).toContain(id);
  });
});
