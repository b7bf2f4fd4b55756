/** The package as consumers get it: packed, installed elsewhere, and run by the Node that they have. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import packageJson from '../../clients/qrng/package.json' with { type: 'json' };
import vectors from '../vectors/receipt-vectors.json' with { type: 'json' };
import { run } from '../support/programs.js';
import { startGateway, temporaryFolder } from '../support/gateway.js';
import type { Environment, TestGateway } from '../support/gateway.js';
import { consumerEnvironment, QrngRun } from '../support/qrng-command.js';

/** The project's own Node, and the system's where there is one: what a consumer has. */
const nodes = [
  process.execPath,
  ...(process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .filter((path) => existsSync(path) && !path.includes('node_modules'))
    .slice(0, 1),
].map((path) => [execFileSync(path, ['--version'], { encoding: 'utf8' }).trim(), path] as const);

const folder = temporaryFolder();
const installed = join(folder, 'node_modules', packageJson.name);
let gateway: TestGateway;
let env: Environment;

beforeAll(async () => {
  run('npm', 'pack', '--silent', '--ignore-scripts', '-w', 'clients/qrng', '--pack-destination', folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const tarball = join(folder, `qrng-dd-client-${packageJson.version}.tgz`);
  run('npm', 'install', '--silent', '--offline', '--prefix', folder, tarball);
  gateway = await startGateway();
  await gateway.fill(1024 * 1024);
  env = await consumerEnvironment(gateway);
}, 60_000);
afterAll(() => gateway.close());

test('has no dependency, and nothing in it but compiled code, licence and README', () => {
  expect(packageJson).not.toHaveProperty('dependencies');
  const list = execFileSync('find', ['.', '-type', 'f', '-printf', '%P\\n'], {
    cwd: installed,
    encoding: 'utf8',
  });
  const others = list
    .trim()
    .split('\n')
    .filter((path) => !/^dist\/(clients|libs)\/.*\.(js|d\.ts)$/.test(path));
  expect(others.sort()).toEqual(['LICENSE', 'README.md', 'bin/qrng.js', 'package.json']);
  expect(list).not.toContain('.spec.');
});

test('links the command qrng', () => {
  expect(realpathSync(join(folder, 'node_modules/.bin/qrng'))).toBe(
    realpathSync(join(installed, 'bin/qrng.js')),
  );
});

describe.each(nodes)('under Node %s', (_version, node) => {
  test('the command draws', async () => {
    for (const args of [['bytes'], ['integers', '3', '--mix'], ['password'], ['status']]) {
      const { code, stderr } = await new QrngRun(args, env, [node, join(installed, 'bin/qrng.js')]).ended;
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    }
  });

  test('the command verifies a receipt', async () => {
    const [vector] = vectors.good;
    writeFileSync(join(folder, 'draw.tlog-proof'), vector?.receipt ?? '');
    const keys = ['--log-key', vectors.logKey, '--collector-key', vectors.collectorKey];
    const args = ['verify', join(folder, 'draw.tlog-proof'), ...keys, '--draw'];
    const { code, stdout } = await new QrngRun(args, {}, [node, join(installed, 'bin/qrng.js')]).ended;
    expect({ code, last: stdout.toString().split('\n').at(-2) }).toEqual({ code: 0, last: 'verified' });
  });

  test('the library draws', async () => {
    const program = `
      import { QrngClient } from '${packageJson.name}';
      const qrng = QrngClient.fromEnvironment(process.env);
      console.log(JSON.stringify(await qrng.integers({ count: 2, min: 1, max: 1 })));
      qrng.close();`;
    mkdirSync(join(folder, 'src'), { recursive: true });
    writeFileSync(join(folder, 'src/draw.mjs'), program);
    const { code, stdout, stderr } = await new QrngRun([], env, [node, join(folder, 'src/draw.mjs')]).ended;
    expect({ code, stdout: stdout.toString(), stderr }).toEqual({ code: 0, stdout: '[1,1]\n', stderr: '' });
  });
});

test('has types that a strict program compiles against', () => {
  writeFileSync(
    join(folder, 'src/use.mts'),
    `import { QrngClient, QrngError, type Draws } from '${packageJson.name}';
    const draws: Draws = new QrngClient({ url: 'https://gw.example.com', apiKey: 'k' }).mixed();
    export const bytes: Promise<Uint8Array> = draws.bytes(32);
    export const isLimited = (error: unknown): boolean => error instanceof QrngError && error.code === 'limited';
    // @ts-expect-error there is no version 5
    export const none = draws.uuids({ version: 5 });`,
  );
  const options =
    '--ignoreConfig --noEmit --strict --module nodenext --target es2023 --types node --typeRoots'.split(' ');
  expect(
    run(
      process.execPath,
      'node_modules/typescript/bin/tsc',
      ...options,
      'node_modules/@types',
      join(folder, 'src/use.mts'),
    ),
  ).toEqual({ status: 0, output: '' });
});
