/** The code samples of the OpenAPI document: each is run, by a shell, by Node and by Python. */
import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startGateway, temporaryFolder, testAuthority } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';

interface Operation {
  'x-codeSamples'?: { lang: string; source: string }[];
}

/** How a sample in each language is run. */
const COMMANDS: Record<string, (source: string) => [string, string[]]> = {
  Shell: (source) => ['sh', ['-euc', source]],
  Python: (source) => ['python3', ['-c', source]],
  JavaScript: (source) => [process.execPath, ['--input-type=module', '-e', source]],
};
const missing = (process.env['QRNG_TEST_MISSING'] ?? '').split(',');
const languages = Object.keys(COMMANDS).filter((lang) => lang !== 'Python' || !missing.includes('python3'));

const folder = temporaryFolder();
let gateway: TestGateway;
let samples: [path: string, lang: string, source: string][];
beforeAll(async () => {
  gateway = await startGateway({ QRNG_BUFFER_SIZE: String(16 * 2 ** 20) });
  await gateway.fill(8 * 2 ** 20);
  writeFileSync(join(folder, 'ca.pem'), (await testAuthority()).certificatePem);
  const { paths } = JSON.parse((await gateway.request('/docs-json')).text) as {
    paths: Record<string, Record<string, Operation>>;
  };
  samples = Object.entries(paths).flatMap(([path, item]) =>
    Object.values(item).flatMap((operation) =>
      (operation['x-codeSamples'] ?? []).map(({ lang, source }): [string, string, string] => [
        path,
        lang,
        source,
      ]),
    ),
  );
});
afterAll(() => gateway.close());

async function run(lang: string, source: string): Promise<string> {
  const [command, args] = COMMANDS[lang]?.(source) ?? ['false', []];
  const ca = join(folder, 'ca.pem');
  const { stdout } = await promisify(execFile)(command, args, {
    cwd: folder,
    env: {
      ...process.env,
      QRNG_URL: gateway.url,
      QRNG_API_KEY: gateway.apiKey,
      QRNG_CA_FILE: ca,
      SSL_CERT_FILE: ca,
      NODE_EXTRA_CA_CERTS: ca,
    },
  });
  return stdout.trim();
}

test('there are three for each operation that needs a key', () => {
  const paths = [...new Set(samples.map(([path]) => path))];
  expect(paths).toEqual(expect.arrayContaining(['/api/random', '/api/stream', '/api/status', '/api/usage']));
  for (const path of paths) {
    expect([path, samples.filter(([of]) => of === path).map(([, lang]) => lang)]).toEqual([
      path,
      Object.keys(COMMANDS),
    ]);
  }
});

test.each(languages)(
  'each in %s gets its answer',
  async (language) => {
    for (const [path, lang, source] of samples) {
      if (lang !== language) continue;
      const text = await run(lang, source);
      if (path === '/api/stream') {
        expect(readFileSync(join(folder, 'answer.bin'))).toHaveLength(1_048_576);
        rmSync(join(folder, 'answer.bin'));
      } else if (path === '/api/random') expect(text).toMatch(/^[0-9a-f]{64}$/);
      else if (path === '/metrics') expect(text).toContain('qrng_pool_bytes');
      else expect(JSON.parse(text)).not.toHaveProperty('type');
    }
  },
  120_000,
);
