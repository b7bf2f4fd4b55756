import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { IncompleteFiles } from './incomplete-files.js';

let directory: string;
let files: IncompleteFiles;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'qrng-incomplete-'));
  files = new IncompleteFiles();
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(name: string, modified: number): void {
  writeFileSync(join(directory, name), 'half a packet');
  utimesSync(join(directory, name), modified, modified);
}

const look = (name: string, now: number) => files.look(directory, name, now);
const IN_A_YEAR = Date.now() / 1000 + 365 * 86_400;

test('a file that says it is of the future is abandoned like any other', async () => {
  write('a', IN_A_YEAR);
  expect(await look('a', 1000)).toBe('changed');
  expect(await look('a', 30_999)).toBe('unchanged');
  expect(await look('a', 31_000)).toBe('abandoned');
});

test('a file that changed is read again, and its time starts again', async () => {
  write('a', IN_A_YEAR);
  await look('a', 0);
  write('a', IN_A_YEAR + 1);
  expect(await look('a', 29_000)).toBe('changed');
  expect(await look('a', 58_999)).toBe('unchanged');
});

test('a file that could not be read is tried again, also an old one, until its time is up', async () => {
  write('a', 1);
  expect(await look('a', 0)).toBe('changed');
  for (const now of [100, 200, 29_999]) {
    files.unread('a');
    expect(await look('a', now)).toBe('changed');
  }
  expect(await look('a', 30_000)).toBe('abandoned');
});

test('an old file that was read is abandoned at the second look', async () => {
  write('a', 1);
  await look('a', 0);
  expect(await look('a', 1)).toBe('abandoned');
});

test('those that were not looked at for longest come first', async () => {
  for (const name of ['a', 'b', 'c']) {
    write(name, IN_A_YEAR);
    await look(name, 0);
  }
  expect(files.next(2)).toEqual(['a', 'b']);
  await look('a', 1);
  expect(files.next(2)).toEqual(['b', 'c']);
  files.keep(new Set(['a']));
  expect(files.next(2)).toEqual(['a']);
});
