import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { DeviceSource } from './device-source.js';

const directory = mkdtempSync(join(tmpdir(), 'device-'));
const toClose: { close: () => Promise<void> }[] = [];
let fifos = 0;
afterEach(async () => {
  for (const each of toClose.splice(0)) await each.close();
});
afterAll(() => rmSync(directory, { recursive: true }));

function device(path: string, timeoutMs = 5000): DeviceSource {
  const source = new DeviceSource({ name: path, path, timeoutMs });
  toClose.push(source);
  return source;
}

/** A FIFO with a writer: like a device, it is empty until something is written. */
async function fifo(): Promise<{ path: string; writer: FileHandle }> {
  const path = join(directory, `fifo${fifos++}`);
  execFileSync('mkfifo', [path]);
  const writer = await open(path, constants.O_RDWR | constants.O_NONBLOCK);
  return { path, writer };
}

describe('DeviceSource', () => {
  test('reads a character device, in as many reads as it takes', async () => {
    const source = device('/dev/urandom');
    const first = await source.fetch(300_000);
    const second = await source.fetch(300_000);
    expect([first.length, second.length]).toEqual([300_000, 300_000]);
    expect(first.equals(second)).toBe(false);
  });

  test('puts short reads together, and keeps what is left for the next fetch', async () => {
    const { path, writer } = await fifo();
    toClose.push(writer);
    const fetched = device(path).fetch(6);
    for (const part of ['a', 'bc', 'def']) {
      await writer.write(part);
      await sleep(10);
    }
    expect((await fetched).toString()).toBe('abcdef');
  });

  test('fails when the data end, and goes on when the device is back', async () => {
    const { path, writer } = await fifo();
    const source = device(path);
    await writer.write('abc');
    const fetched = source.fetch(6);
    await sleep(20);
    await writer.close();
    await expect(fetched).rejects.toMatchObject({
      code: 'device',
      message: expect.stringContaining('ended'),
    });
    const again = await open(path, constants.O_RDWR);
    toClose.push(again);
    await again.write('123456');
    expect((await source.fetch(6)).toString()).toBe('123456');
  });

  test('fails when an empty device stays empty, and holds no thread that would keep the process', async () => {
    const { path, writer } = await fifo();
    toClose.push(writer);
    const source = device(path, 20);
    await expect(source.fetch(6)).rejects.toMatchObject({ code: 'timeout' });
    await source.close();
  });

  test('gives up when the caller does', async () => {
    const { path, writer } = await fifo();
    toClose.push(writer);
    const controller = new AbortController();
    const fetched = device(path).fetch(6, controller.signal);
    controller.abort();
    await expect(fetched).rejects.toMatchObject({ code: 'aborted' });
  });

  test('a fetch in flight fails when it is closed', async () => {
    const { path, writer } = await fifo();
    toClose.push(writer);
    const source = device(path);
    const fetched = source.fetch(6);
    await sleep(10);
    await source.close();
    await expect(fetched).rejects.toMatchObject({ code: 'aborted' });
  });

  test('refuses a second fetch while one is under way', async () => {
    const { path, writer } = await fifo();
    toClose.push(writer);
    const source = device(path);
    const first = source.fetch(3);
    await expect(source.fetch(3)).rejects.toMatchObject({ code: 'timeout' });
    await writer.write('abc');
    expect((await first).toString()).toBe('abc');
  });

  test('refuses a regular file: it would be served again after each start', async () => {
    const path = join(directory, 'file');
    writeFileSync(path, 'x'.repeat(100));
    await expect(device(path).fetch(10)).rejects.toMatchObject({
      code: 'device',
      message: expect.stringContaining('neither a character device nor a FIFO'),
    });
  });

  test.each([
    ['/dev/null', 'ended'],
    ['/nonexistent', 'ENOENT'],
    ['/', 'neither'],
  ])('fails on %s', async (path, reason) => {
    await expect(device(path).fetch(10)).rejects.toMatchObject({
      code: 'device',
      message: expect.stringContaining(reason),
    });
  });

  test('refuses a terminal', async () => {
    // script(1) of util-linux opens one and runs a program in it.
    const terminal = spawn('script', ['-qfc', 'tty; sleep 60', '/dev/null'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    try {
      const [path] = (await once(terminal.stdout, 'data')) as [Buffer];
      const source = new DeviceSource({ name: 'tty', path: path.toString().trim(), timeoutMs: 1000 });
      await expect(source.fetch(16)).rejects.toThrow('is a terminal');
    } finally {
      terminal.kill('SIGKILL');
    }
  });
});
