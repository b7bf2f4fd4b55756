/** What a Nest engineer types first, in a copy of the sources that was never built. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { processesIn } from './support/processes-in.js';
import { until } from './support/until.js';

const SOURCES = ['apps', 'libs', 'package.json', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json'];

describe('in a fresh clone', () => {
  let clone: string;
  let started: ChildProcess | undefined;
  let output = '';

  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), 'qrng-nest-'));
    for (const name of SOURCES) cpSync(name, join(clone, name), { recursive: true });
    symlinkSync(resolve('node_modules'), join(clone, 'node_modules'));
    started = undefined;
    output = '';
  });
  afterEach(async () => {
    if (started?.pid !== undefined && started.exitCode === null) {
      process.kill(-started.pid, 'SIGTERM');
      await until('all have ended', () => processesIn(clone).length === 0);
    }
    rmSync(clone, { recursive: true });
  });

  function start(command: string, ...args: string[]): void {
    const settings = {
      QRNG_LISTEN_ADDRESS: '127.0.0.1:0',
      QRNG_TLS: 'off',
      QRNG_HMAC_SECRET_KEY: randomBytes(32).toString('hex'),
      QRNG_API_KEY: randomBytes(32).toString('hex'),
      QRNG_STATE_DIR: join(clone, 'state'),
    };
    started = spawn(command, args, { cwd: clone, env: { ...process.env, ...settings }, detached: true });
    for (const stream of [started.stdout, started.stderr]) {
      stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    }
  }

  function untilListening(times: number): Promise<boolean> {
    const count = (): number => output.split('"event":"listening"').length - 1;
    const options = { ms: 100_000, describe: () => output };
    return until(`listening, time ${times}`, () => count() === times, options);
  }

  test('nest build collector builds the collector and what it imports, and nothing else', () => {
    const { status, stdout } = spawnSync('npx', ['nest', 'build', 'collector'], {
      cwd: clone,
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([0, '']);
    expect(existsSync(join(clone, 'dist/apps/collector/src/main.js'))).toBe(true);
    expect(existsSync(join(clone, 'dist/libs/crypto/src/index.js'))).toBe(true);
    expect(existsSync(join(clone, 'dist/apps/gateway'))).toBe(false);
  });

  test('npm run start:dev (nest start gateway --watch) starts the gateway, and again when a source changes', async () => {
    start('npm', 'run', 'start:dev');
    await untilListening(1);
    appendFileSync(join(clone, 'apps/gateway/src/clock.ts'), '\nexport const CHANGED = true;\n');
    await untilListening(2);
  }, 240_000);
});

test('nest-cli.json names every app and every library', () => {
  const { projects } = JSON.parse(readFileSync('nest-cli.json', 'utf8')) as {
    projects: Record<string, { root: string }>;
  };
  const folders = ['apps', 'libs'].flatMap((room) =>
    readdirSync(room, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [`${room}/${entry.name}`] : [],
    ),
  );
  expect(
    Object.values(projects)
      .map(({ root }) => root)
      .toSorted(),
  ).toEqual(folders.toSorted());
});
