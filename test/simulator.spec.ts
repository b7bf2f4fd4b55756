/** The simulated appliance as a process of its own, as the demo starts it. Needs `npm run build`. */
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createSources } from '#libs/quantis';
import { createAuthority } from '../tools/certificates/authority.js';

const MAIN = resolve('dist/libs/quantis/src/simulator/main.js');
const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];
const children: ChildProcessWithoutNullStreams[] = [];

beforeAll(async () => {
  const authority = await createAuthority('throw-away');
  const pair = await authority.issue({ commonName: 'SIMULATED appliance', hosts: ['127.0.0.1'] });
  writeFileSync(ca, authority.certificatePem);
  writeFileSync(cert, pair.certificatePem);
  writeFileSync(key, pair.keyPem);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Line {
  simulated: boolean;
  event: string;
  url: string;
}

async function start(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, '--cert', cert, '--key', key, ...args]);
  children.push(child);
  let banner = '';
  child.stderr.on('data', (chunk: Buffer) => (banner += chunk.toString()));
  const lines = createInterface({ input: child.stdout });
  const { url, ...said } = await nextLine(lines);
  const [source] = createSources({ urls: [url], caFile: ca });
  if (source === undefined) throw new Error('no source');
  return { child, lines, said, source, banner: () => banner };
}

async function nextLine(lines: Interface): Promise<Line> {
  const [line] = (await once(lines, 'line')) as [string];
  return JSON.parse(line) as Line;
}

describe('the process of the simulated appliance', () => {
  test('says where it listens, and that it is simulated', async () => {
    const { said, source, banner } = await start();
    expect(said).toEqual({ simulated: true, event: 'listening' });
    expect((await source.fetch(64)).length).toBe(64);
    expect(banner()).toContain('NOT of a quantum source');
    await source.close();
  });

  test('plays the faults of its command line, then those of its input', async () => {
    const { child, lines, source } = await start('--plan', '[{"kind":"status","value":503,"retryAfter":3}]');
    await expect(source.fetch(64)).rejects.toMatchObject({ details: { status: 503, retryAfterMs: 3000 } });
    expect((await source.fetch(64)).length).toBe(64);
    child.stdin.write('{"kind":"hex"}\n');
    expect(await nextLine(lines)).toMatchObject({ event: 'planned' });
    await expect(source.fetch(64)).rejects.toMatchObject({ code: 'content' });
    await source.close();
  });

  test('ends with the process that started it, in the middle of an answer too', async () => {
    const { child, source } = await start('--plan', '[{"kind":"stall"}]');
    const stalled = expect(source.fetch(64)).rejects.toMatchObject({ code: 'connection' });
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
    await stalled;
    await source.close();
  });

  test('ends on SIGTERM', async () => {
    const { child } = await start();
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
