import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { replaceFile, rewriteFile } from './replace-file.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qrng-replace-'));
  path = join(folder, 'file');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe.each([true, false])('replaceFile with sync %s', (sync) => {
  test('makes a file of mode 600, or of the mode that was asked for', () => {
    replaceFile(path, 'one', { sync });
    replaceFile(`${path}2`, 'two', { sync, mode: 0o644 });
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['one', 0o600]);
    expect([readFileSync(`${path}2`, 'utf8'), statSync(`${path}2`).mode & 0o777]).toEqual(['two', 0o644]);
  });

  test('keeps the mode of a file that was there, and takes the place of a draft that a crash left', () => {
    writeFileSync(path, 'old');
    chmodSync(path, 0o640);
    writeFileSync(`${path}.new`, 'a draft that is longer than what follows');
    replaceFile(path, 'new', { sync, mode: 0o600 });
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['new', 0o640]);
    expect(existsSync(`${path}.new`)).toBe(false);
  });

  test('replaces what a symbolic link leads to, and keeps the link', () => {
    writeFileSync(path, 'old');
    symlinkSync(path, join(folder, 'link'));
    replaceFile(join(folder, 'link'), 'new', { sync });
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
  });

  test('throws where there is no such folder', () => {
    expect(() => replaceFile(join(folder, 'absent/file'), 'x', { sync })).toThrow('ENOENT');
  });
});

describe('rewriteFile', () => {
  test('gives the old text to the change and returns what it wrote', () => {
    expect(rewriteFile(path, (text) => `${text ?? 'nothing'}, then one`)).toBe('nothing, then one');
    expect(rewriteFile(path, (text) => `${text ?? ''}, then two`)).toBe('nothing, then one, then two');
    expect(readFileSync(path, 'utf8')).toBe('nothing, then one, then two');
  });

  test('refuses a second change while one is under way, so that none is lost', () => {
    const second = (): string => rewriteFile(path, () => 'second');
    rewriteFile(path, () => {
      expect(second).toThrow('EEXIST');
      return 'first';
    });
    expect(readFileSync(path, 'utf8')).toBe('first');
    expect(second()).toBe('second');
  });

  test('leaves the file and no draft when the change throws', () => {
    writeFileSync(path, 'old');
    const fails = (): string => {
      throw new Error('no');
    };
    expect(() => rewriteFile(path, fails)).toThrow('no');
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(existsSync(`${path}.new`)).toBe(false);
  });
});
