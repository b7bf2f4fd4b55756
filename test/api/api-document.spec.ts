/** docs/api.md: each of its lines is run by a shell, with curl, and answers as the page says. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGateway, temporaryFolder, testAuthority } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';

const page = readFileSync('docs/api.md', 'utf8');
/** Rows of its tables whose first column is a command: the command, and the answer as far as it is in backquotes. */
const rows = [...page.matchAll(/^\| `((?:q|curl) [^`]+)` \| (?:`([^`]+)`)?/gm)].map(
  ([, line = '', answer = '']) => [line, answer] as const,
);
const [preamble = '', ...recipes] = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(
  ([, block = '']) => block,
);

/** Where the lines are run: with the file that the demo writes. */
const folder = temporaryFolder();
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ QRNG_BUFFER_SIZE: '30000000' });
  await gateway.fill(20_000_000);
  mkdirSync(join(folder, '.demo'));
  writeFileSync(join(folder, 'ca.pem'), (await testAuthority()).certificatePem);
  writeFileSync(
    join(folder, '.demo', 'client.env'),
    `QRNG_URL=${gateway.url}\nQRNG_API_KEY=${gateway.apiKey}\nQRNG_CA_FILE=${join(folder, 'ca.pem')}\n`,
  );
});
afterAll(() => gateway.close());

async function run(lines: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-euc', `${preamble}\n${lines}`], { cwd: folder });
  return stdout.trim();
}

/** What a JSON value is made of, its numbers and strings by kind. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shape(part)]));
}

test('has a line for each route under /api', async () => {
  const { paths } = JSON.parse((await gateway.request('/docs-json')).text) as { paths: object };
  for (const path of Object.keys(paths).filter((path) => path.startsWith('/api/'))) {
    expect(rows.map(([line]) => line).filter((line) => line.includes(path))).not.toEqual([]);
  }
});

describe('answers as it says', () => {
  test.each(rows.filter(([, answer]) => /^[[{]/.test(answer)))('%s', async (line, answer) => {
    expect(shape(JSON.parse(await run(line)))).toEqual(shape(JSON.parse(answer)));
  });

  test.each(rows.filter(([, answer]) => !/^[[{]/.test(answer)))('%s', async (line) => {
    const text = await run(line.includes('bytes.bin') ? `${line}; wc -c < bytes.bin` : line);
    if (line.includes('bytes.bin')) expect(text).toBe('16777216');
    else if (line.includes('encoding=base64url')) expect(text).toMatch(/^[A-Za-z0-9_-]{22}$/);
    else if (line.includes('/api/random')) expect(text).toMatch(/^[0-9a-f]{64}$/);
    else expect(JSON.parse(text)).not.toHaveProperty('type'); // that would be a problem
  });
});

test('a problem is as it says', async () => {
  const [, example = ''] = /^```json\n(.*?)^```$/ms.exec(page) ?? [];
  const documented = JSON.parse(example) as { requestId: string };
  const { requestId, ...problem } = JSON.parse(await run("q '/api/random?bytes=0'")) as { requestId: string };
  expect({ ...documented, requestId }).toEqual({ ...problem, requestId });
});

test.each(recipes.map((recipe, i) => [i + 1, recipe] as const))('recipe %d holds', async (_, recipe) => {
  for (const line of (await run(recipe)).split('\n')) expect(line).toMatch(/^[[\]",0-9a-zA-Z-]{9,}$/);
});
