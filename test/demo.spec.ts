/** The main job as a newcomer starts it: `npm run demo` in an empty folder of its own, then curl. Needs `npm run build`. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { processesIn } from './support/processes-in.js';

describe('the demo', () => {
  const parent = mkdtempSync(join(tmpdir(), 'qrng-demo-'));
  const folder = join(parent, `it's a "folder" of $HOME`);
  mkdirSync(folder);
  let demo: ChildProcess;
  let exited: Promise<number | null>;
  let output = '';

  beforeAll(async () => {
    demo = spawn(process.execPath, [resolve('dist/scripts/demo.js')], { cwd: folder });
    exited = new Promise((done) => demo.once('exit', done));
    demo.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await new Promise<void>((announced, ended) => {
      void exited.then(() => ended(new Error(`the demo ended: ${output}`)));
      demo.stdout?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes('Ctrl-C ends')) announced();
      });
    });
  });

  afterAll(async () => {
    demo.kill('SIGTERM');
    await exited;
    rmSync(parent, { recursive: true });
  });

  test('prints a curl line that gives 32 bytes as printed', () => {
    const line = /^ *(curl .*)$/m.exec(output)?.[1] ?? '';
    expect(execFileSync('sh', ['-c', `${line} --silent --fail`], { encoding: 'utf8' })).toMatch(
      /^[0-9a-f]{64}$/,
    );
  });

  test('prints the address of the status page, with the key that opens it', () => {
    expect(output).toMatch(/^ *Status page +https:\/\/localhost:\d+\/#key=[0-9a-f]{64} /m);
  });

  test('says that its source is simulated', () => expect(output).toContain('SIMULATED'));

  test('keeps what a shell needs in client.env', () => {
    const script =
      '. .demo/client.env; curl -sf --cacert "$QRNG_CA_FILE" -H "Authorization: Bearer $QRNG_API_KEY" "$QRNG_URL/api/status"';
    const status: unknown = JSON.parse(execFileSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' }));
    expect(status).toMatchObject({ feed: { fed: true } });
    expect(readFileSync(join(folder, '.demo/client.env'), 'utf8')).toMatch(
      /^QRNG_HMAC_SECRET_KEY=[0-9a-f]{64}$/m,
    );
  });

  test('is left alone by a second demo in the same folder', () => {
    const before = readFileSync(join(folder, '.demo/client.env'), 'utf8');
    const second = spawnSync(process.execPath, [resolve('dist/scripts/demo.js')], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(second.status).toBe(75);
    expect(second.stderr).toMatch(/^A demo runs in this folder already\..*\n$/);
    expect(readFileSync(join(folder, '.demo/client.env'), 'utf8')).toBe(before);
    expect(demo.exitCode).toBeNull();
  });

  test('needs no more than client.env for the command qrng', () => {
    const script = `. .demo/client.env; "${process.execPath}" "${resolve('clients/qrng/bin/qrng.js')}" bytes 16`;
    const env = { PATH: process.env['PATH'] };
    expect(execFileSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8', env })).toMatch(
      /^[0-9a-f]{32}\n$/,
    );
  });

  test('prints two lines that draw with a receipt and verify it', () => {
    const [draw = '', verify = ''] = output.match(/^ *(\. \.demo\/client\.env; npx|npx) qrng .*$/gm) ?? [];
    const command = `"${process.execPath}" "${resolve('clients/qrng/bin/qrng.js')}"`;
    const script = `set -e\n${draw}\n${verify}`.replaceAll('npx qrng', command);
    const env = { PATH: process.env['PATH'] };
    const printed = execFileSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8', env });
    const numbers = printed.split('\n').slice(0, 6).join();
    expect(printed).toMatch(/^(\d{1,2}\n){6}receipt {4}0 of demo\.localhost\/receipts\n/);
    expect(printed).toContain(`\nanswer     [${numbers}]\nverified\n`);
  });

  test.each([
    [
      'nobody reads on, as under `| head -1`, also where setpriv(1) is that of busybox',
      async (other: ChildProcess) => other.stdout?.destroy(),
      'echo "setpriv: unrecognized option" >&2; exit 1',
    ],
    ['it is killed', async (other: ChildProcess) => other.kill('SIGKILL'), undefined],
  ])('leaves nothing behind when %s', async (_, end, setpriv) => {
    const place = mkdtempSync(join(parent, 'other-'));
    const bin = join(place, 'bin');
    mkdirSync(bin);
    if (setpriv !== undefined) {
      writeFileSync(join(bin, 'setpriv'), `#!/bin/sh\n${setpriv}\n`, { mode: 0o755 });
    }
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
    const other = spawn(process.execPath, [resolve('dist/scripts/demo.js')], { cwd: place, env });
    let errors = '';
    other.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const gone = once(other, 'exit');
    for await (const chunk of other.stdout.iterator({ destroyOnReturn: false })) {
      if (String(chunk).includes('Waiting for the pool')) break;
    }
    await end(other);
    await gone;
    while (processesIn(place).length > 0) await new Promise((done) => setTimeout(done, 50));
    expect(errors).toBe('');
  });

  test('ends all three on SIGTERM, with exit code 0', async () => {
    demo.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(output).toMatch(/Stopping the collector .*Stopping the gateway .*Stopping the appliance/s);
    expect(processesIn(folder)).toEqual([]);
  });
});
