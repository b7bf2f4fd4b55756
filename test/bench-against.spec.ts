/** `npm run bench -- --against DIR`, without a look at the time. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const run = promisify(execFile);
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'qrng-against-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const bench = (): Promise<{ stdout: string }> =>
  run(process.execPath, [
    ...['dist/bench/main.js', '--quick', '--against', directory, '--only', 'against: 32 B hex'],
  ]);

test('says where it expects the binary', async () => {
  await expect(bench()).rejects.toMatchObject({
    code: 64,
    stderr: expect.stringContaining(`There is no program ${directory}/qrng-gateway.`),
  });
});

test("fills both pools with packets of each one's version, and checks the answers of both", async () => {
  const fake = resolve('test/support/fake-predecessor.ts');
  writeFileSync(join(directory, 'qrng-gateway'), `#!/bin/sh\nexec ${process.execPath} ${fake}\n`, {
    mode: 0o755,
  });
  expect((await bench()).stdout).toContain('against: 32 B hex: answers are right');
});
