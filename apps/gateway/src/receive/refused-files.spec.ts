import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { deleteOldest } from './refused-files.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'qrng-refused-'));
});
afterEach(() => void execFileSync('rm', ['-rf', directory]));

test('where one cannot be deleted the others still are, and are counted', async () => {
  for (const name of ['one', 'three']) writeFileSync(join(directory, name), '');
  // Two that are renamed into one: a path to the end of it is longer than the kernel takes, also from root.
  const half = Array<string>(10).fill('d'.repeat(250)).join('/');
  for (const name of ['two', 'deeper']) mkdirSync(join(directory, name, half), { recursive: true });
  renameSync(join(directory, 'deeper'), join(directory, 'two', half, 'deeper'));
  let deleted = 0;
  const all = { files: 0, bytes: 0 };
  const outcome = deleteOldest(
    directory,
    all,
    () => true,
    () => (deleted += 1),
  );
  await expect(outcome).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
  expect([readdirSync(directory), deleted]).toEqual([['two'], 2]);
});
