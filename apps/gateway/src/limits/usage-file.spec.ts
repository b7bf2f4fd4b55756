import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { StateDirectory } from '../state/state-directory.js';
import { GatewaySettings } from '../settings.js';
import { UsageBook } from './usage-book.js';
import { UsageFile } from './usage-file.js';

const folder = mkdtempSync(join(tmpdir(), 'qrng-usage-'));
afterEach(() => {
  jest.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

test('usage that cannot be written is logged once, and once when it can be written again', () => {
  const lines: unknown[] = [];
  const log = (line: unknown) => void lines.push((line as { event: string }).event);
  jest.spyOn(Logger.prototype, 'error').mockImplementation(log);
  jest.spyOn(Logger.prototype, 'log').mockImplementation(log);
  jest.useFakeTimers();
  const directory = new StateDirectory(Object.assign(new GatewaySettings(), { QRNG_STATE_DIR: folder }));
  const book = new UsageBook({ now: Date.now, monotonic: Date.now }, false);
  const file = new UsageFile(directory, book);
  const path = join(folder, 'usage.json');
  mkdirSync(path); // what replaces a file cannot replace a directory
  const seconds = (count: number) => {
    for (let second = 0; second < count; second++) {
      book.countRequest('a');
      jest.advanceTimersByTime(1000);
    }
  };
  seconds(3);
  expect(lines).toEqual(['usage-not-written']);
  rmSync(path, { recursive: true });
  seconds(3);
  expect(lines).toEqual(['usage-not-written', 'usage-written']);
  rmSync(path);
  mkdirSync(path);
  seconds(2);
  expect(lines).toEqual(['usage-not-written', 'usage-written', 'usage-not-written']);
  rmSync(path, { recursive: true });
  file.onApplicationShutdown();
  directory.onApplicationShutdown();
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ days: book.snapshot() });
});
