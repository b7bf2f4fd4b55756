import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { DirectoryLock } from './directory-lock.js';

const NOBODY = 65_534;
const folder = mkdtempSync(join(tmpdir(), 'qrng-lock-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a directory that cannot be locked says why, which SQLite does not', () => {
  test.each([
    ['belongs to another user', () => chmodSync(folder, 0o555)],
    [
      'has a lock file that does',
      () => {
        chmodSync(folder, 0o777);
        writeFileSync(join(folder, 'lock'), '');
        chmodSync(join(folder, 'lock'), 0);
      },
    ],
    [
      'has a lock file that can be read alone',
      () => {
        chmodSync(folder, 0o777);
        writeFileSync(join(folder, 'lock'), '');
        chmodSync(join(folder, 'lock'), 0o444);
      },
    ],
  ])('when it %s', (_, prepare) => {
    prepare();
    expect(() => asNobody(() => new DirectoryLock(folder, 'lock'))).toThrow(
      expect.objectContaining({ busy: false, code: 'EACCES' }),
    );
  });
});

test('a locked directory in which files come and go is no other one', () => {
  chmodSync(folder, 0o777);
  const directory = mkdtempSync(join(folder, 'busy-'));
  const lock = new DirectoryLock(directory, 'lock');
  for (const name of ['one', 'two']) {
    writeFileSync(join(directory, name), '');
    expect(lock.loss).toBeUndefined();
  }
  lock.close();
});

/** As a user who is not root, to whom the modes of files matter. */
function asNobody<T>(act: () => T): T {
  if (process.geteuid?.() !== 0) return act();
  process.seteuid?.(NOBODY);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
  }
}
