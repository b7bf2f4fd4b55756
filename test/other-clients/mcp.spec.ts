/**
 * /mcp with clients of other hands: the official conformance suite, the inspector's command line, the Python client. Run with QRNG_TEST_CLIENTS=yes: they
 * come from their registries.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWith } from '../support/programs.js';
import { startGateway, temporaryFolder, testAuthority } from '../support/gateway.js';
import type { Environment, TestGateway } from '../support/gateway.js';
import { consumerEnvironment } from '../support/qrng-command.js';

/** Those that ask for no tools, prompts or resources made for the suite. */
const SCENARIOS = ['server-initialize', 'ping', 'tools-list', 'dns-rebinding-protection'];

/** The conformance suite cannot send a key: this adds it. */
async function proxyWithKey(gateway: TestGateway): Promise<Server> {
  const ca = (await testAuthority()).certificatePem;
  const server = createServer((incoming, outgoing) => {
    const headers = { ...incoming.headers, authorization: `Bearer ${gateway.apiKey}` };
    const to = request(gateway.url + (incoming.url ?? ''), {
      ...{ method: incoming.method, headers, ca },
      servername: 'localhost', // not the Host of a test
    });
    to.once('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(to);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

const folder = join(temporaryFolder(), 'mcp');
let gateway: TestGateway;
let env: Environment;
beforeAll(async () => {
  gateway = await startGateway();
  await gateway.fill(1024 * 1024);
  env = await consumerEnvironment(gateway);
  cpSync(resolve('test/other-clients/mcp'), folder, { recursive: true });
});
afterAll(() => gateway.close());

/** Runs a script there; the Node of the project comes first. */
async function shell(script: string, others: Environment = {}): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', script], {
    cwd: folder,
    env: { ...process.env, ...env, NODE_EXTRA_CA_CERTS: env['QRNG_CA_FILE'], ...others },
    maxBuffer: 2 ** 26,
  });
  return stdout;
}

describeWith(['npm'], 'programs of the protocol', () => {
  let proxy: Server;
  beforeAll(async () => {
    proxy = await proxyWithKey(gateway);
    await shell('npm install --silent --no-audit --no-fund --ignore-scripts');
  }, 600_000);
  afterAll(() => {
    proxy.close();
  });

  test.each(SCENARIOS)('the conformance suite passes %s', async (scenario) => {
    const { port } = proxy.address() as AddressInfo;
    const output = await shell(
      `npx conformance server --url http://localhost:${port}/mcp --scenario ${scenario} 2>&1`,
    );
    expect(output).toMatch(/Passed: (\d+)\/\1, 0 failed/);
  });

  test('the inspector lists the tools and calls one', async () => {
    const inspector = 'npx mcp-inspector --cli "$QRNG_URL/mcp" --transport http';
    const key = '--header "Authorization: Bearer $QRNG_API_KEY"';
    const { tools } = JSON.parse(await shell(`${inspector} --method tools/list ${key}`)) as {
      tools: { name: string }[];
    };
    expect(tools.map(({ name }) => name)).toContain('roll_dice');
    const roll = '--method tools/call --tool-name roll_dice --tool-arg notation=3d6+2';
    const { structuredContent } = JSON.parse(await shell(`${inspector} ${roll} ${key}`)) as {
      structuredContent: unknown;
    };
    expect(structuredContent).toMatchObject({ rolls: [{ dice: '3d6' }], total: expect.any(Number) });
  });
});

describeWith(['python3'], 'the Python client', () => {
  test('lists the tools, draws, and reads what was wrong', async () => {
    const output = await shell(
      'python3 -m venv venv && venv/bin/pip install -q -r requirements.txt >&2 && venv/bin/python main.py',
    );
    expect(JSON.parse(output)).toEqual({
      tools: expect.arrayContaining(['get_random_bytes', 'get_status']),
      drawn: { values: [1, 2, 3, 4, 5].map(() => expect.any(Number)) },
      refused: [true, expect.stringContaining('count')],
    });
  }, 600_000);
});
