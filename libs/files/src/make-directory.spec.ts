import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { makeDirectory } from './make-directory.js';

const folder = mkdtempSync(join(tmpdir(), 'qrng-directory-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a directory', () => {
  test('is made with its parents, and stays as it is when it is there', () => {
    const path = join(folder, 'a/b/c');
    makeDirectory(path, 0o700);
    makeDirectory(path, 0o755);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  test.each([
    ['below a file', () => join(file(), 'state'), 'ENOTDIR'],
    ['where a file is', file, 'EEXIST'],
    ['where nothing can be made, for which Node would try forever', () => '/proc/qrng/state', 'ENOENT'],
  ])('%s is an error', (_, path, code) => {
    expect(() => makeDirectory(path(), 0o700)).toThrow(expect.objectContaining({ code }));
  });
});

function file(): string {
  const path = join(folder, 'file');
  writeFileSync(path, '');
  return path;
}
