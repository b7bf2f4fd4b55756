/**
 * Clients that four generators make of /docs-json: each compiles and draws from a real gateway. Run with QRNG_TEST_CLIENTS=yes: the generators come
 * from their registries, and compile for minutes. The programs are beside this file.
 */
import { execFile } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWith } from '../support/programs.js';
import { startGateway, temporaryFolder } from '../support/gateway.js';
import type { Environment, TestGateway } from '../support/gateway.js';
import { consumerEnvironment } from '../support/qrng-command.js';

/** Folder, what it needs, and what generates, compiles and draws. */
const CLIENTS: readonly (readonly [string, readonly string[], string])[] = [
  [
    'typescript',
    ['npm'],
    'npm install --silent --no-audit --no-fund && npm run --silent generate >&2 && NODE_EXTRA_CA_CERTS="$QRNG_CA_FILE" node main.js',
  ],
  [
    'python',
    ['python3'],
    `python3 -m venv venv && PATH="$PWD/venv/bin:$PATH" && pip install -q -r requirements.txt >&2 &&
    openapi-python-client generate --path openapi.json --meta none --output-path qrng_dd_client >&2 && python main.py`,
  ],
  [
    'go',
    ['go'],
    `go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -generate types,client -package main -o client.gen.go \
      openapi.json && go mod tidy && go run .`,
  ],
  ['java', ['mvn', 'java'], 'mvn -q -B compile exec:java'],
];

interface Drawn {
  readonly hex: string;
  readonly bytes: number;
  readonly floats: readonly number[];
  readonly integers: readonly number[];
  readonly capacity: number;
  readonly blocks: readonly string[];
  readonly refused: readonly unknown[];
}

let gateway: TestGateway;
let env: Environment;
let document: string;
beforeAll(async () => {
  gateway = await startGateway();
  await gateway.fill(1024 * 1024);
  env = await consumerEnvironment(gateway);
  document = (await gateway.get('/docs-json')).text;
});
afterAll(() => gateway.close());

for (const [language, programs, script] of CLIENTS) {
  describeWith(programs, language, () => {
    test('the generated client compiles, and draws every kind exactly', async () => {
      const folder = join(temporaryFolder(), language);
      cpSync(resolve('test/other-clients', language), folder, { recursive: true });
      writeFileSync(join(folder, 'openapi.json'), document);
      const { stdout } = await promisify(execFile)('sh', ['-c', script], {
        cwd: folder,
        env: { ...process.env, ...env },
        maxBuffer: 2 ** 26,
      });
      const drawn = JSON.parse(stdout.slice(stdout.indexOf('{'), stdout.lastIndexOf('}') + 1)) as Drawn;
      expect(drawn.hex).toMatch(/^[0-9a-f]{64}$/);
      expect(drawn.bytes).toBe(1000);
      // All 53 bits: one float of two is an odd multiple of 2^-53, none of 100 once in 10^30.
      expect(drawn.floats).toHaveLength(100);
      expect(drawn.floats.every((float) => Number.isInteger(float * 2 ** 53))).toBe(true);
      expect(drawn.floats.some((float) => (float * 2 ** 53) % 2 === 1)).toBe(true);
      expect(new Set(drawn.integers).size).toBe(6);
      expect(drawn.integers.every((number) => Number.isSafeInteger(number))).toBe(true);
      expect(drawn.capacity).toBe(10 * 1024 * 1024);
      expect(drawn.blocks.map((block) => Buffer.from(block, 'base64').length)).toEqual([32, 32]);
      expect(drawn.refused).toEqual([400, 'count']);
    }, 900_000);
  });
}

test('every byte that they drew was counted', async () => {
  const [received, pool] = [
    await gateway.metric('qrng_entropy_received_bytes_total'),
    await gateway.metric('qrng_pool_bytes'),
  ];
  const { text } = await gateway.get('/metrics');
  const gone = [...text.matchAll(/^qrng_entropy_(?:served|discarded)_bytes_total(?:\{.*\})? (\d+)$/gm)];
  expect(gone.reduce((sum, [, bytes]) => sum + Number(bytes), pool ?? NaN)).toBe(received);
});
