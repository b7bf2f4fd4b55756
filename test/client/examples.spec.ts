/** The examples of docs/consuming.md: each is run against a real gateway where the machine has its language. Go is asked for (QRNG_TEST_GO=yes). */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWith } from '../deploy/programs.js';
import { startGateway, temporaryFolder } from '../support/gateway.js';
import type { Environment, TestGateway } from '../support/gateway.js';
import { consumerEnvironment } from '../support/qrng-command.js';

const document = readFileSync('docs/consuming.md', 'utf8');
const examples = new Map(
  [...document.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, language = '', source = '']) => [
    language,
    source,
  ]),
);

/** File, and how it is run. */
const LANGUAGES: readonly (readonly [string, string, readonly string[]])[] = [
  ['sh', 'example.sh', ['sh']],
  ['python', 'example.py', ['python3']],
  ['go', 'example.go', ['go', 'run']],
  ['java', 'Example.java', ['java']],
  ['js', 'example.mjs', [process.execPath]],
];

const folder = temporaryFolder();
let gateway: TestGateway;
let env: Environment;
beforeAll(async () => {
  gateway = await startGateway();
  await gateway.fill(1024 * 1024);
  env = await consumerEnvironment(gateway);
});
afterAll(() => gateway.close());

test('every example has its command', () => {
  expect([...examples.keys()].sort()).toEqual(LANGUAGES.map(([language]) => language).sort());
});

for (const [language, file, [program = '', ...args]] of LANGUAGES) {
  if (language === 'go' && process.env['QRNG_TEST_GO'] !== 'yes') continue;
  describeWith(language === 'sh' ? ['sh', 'curl'] : language === 'js' ? [] : [program], language, () => {
    test('prints 32 bytes', async () => {
      writeFileSync(join(folder, file), examples.get(language) ?? '');
      const { stdout } = await promisify(execFile)(program, [...args, join(folder, file)], {
        cwd: folder,
        env: { ...process.env, ...env },
      });
      expect(stdout).toMatch(/^[0-9a-f]{64}\n?$/);
    }, 120_000);
  });
}
