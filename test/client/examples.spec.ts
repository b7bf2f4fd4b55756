/**
 * The examples of docs/consuming.md: each is run against a real gateway where the machine has its language. Go and Rust are asked for (QRNG_TEST_GO=yes,
 * QRNG_TEST_RUST=yes): they compile libraries first.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWith } from '../support/programs.js';
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
  ['rust', 'src/main.rs', ['cargo', 'run', '-q']],
  ['java', 'Example.java', ['java']],
  ['js', 'example.mjs', [process.execPath]],
];

/** What `cargo add ureq@3` makes of an empty package. */
const CARGO = `[package]
name = "example"
version = "0.1.0"
edition = "2021"

[dependencies]
ureq = "3"
`;

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
  if (language === 'rust' && process.env['QRNG_TEST_RUST'] !== 'yes') continue;
  describeWith(language === 'sh' ? ['sh', 'curl'] : language === 'js' ? [] : [program], language, () => {
    test('prints 32 bytes', async () => {
      mkdirSync(join(folder, 'src'), { recursive: true });
      writeFileSync(join(folder, 'Cargo.toml'), CARGO);
      writeFileSync(join(folder, file), examples.get(language) ?? '');
      const files = language === 'rust' ? [] : [join(folder, file)];
      const { stdout } = await promisify(execFile)(program, [...args, ...files], {
        cwd: folder,
        env: { ...process.env, ...env },
      });
      expect(stdout).toMatch(/^[0-9a-f]{64}\n?$/);
    }, 120_000);
  });
}
