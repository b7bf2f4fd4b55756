/**
 * Keeps a second process out of a directory.
 *
 * The lock is the operating system's (fcntl, taken through SQLite because Node offers no other way to it): it ends with
 * the process however that ends, and holds between containers that share a volume, where a file with a process id in it
 * would do neither.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errorCode } from './error-code.js';
import { makeDirectory } from './make-directory.js';

const SQLITE_BUSY = 5;

/** The directory is in use by another process (`busy`), or cannot be written; `code` is the system's error code. */
export class DirectoryLockError extends Error {
  constructor(
    readonly busy: boolean,
    readonly code: string,
  ) {
    super(
      busy ? `another process uses the directory (${code})` : `the directory cannot be written (${code})`,
    );
    this.name = 'DirectoryLockError';
  }
}

export class DirectoryLock {
  readonly #database: DatabaseSync;

  /**
   * Makes the directory (mode 700) where it is missing, and locks it.
   *
   * @param file in it, to hold the lock.
   * @throws {DirectoryLockError} when another process holds the lock, or the directory cannot be written.
   */
  constructor(directory: string, file: string) {
    try {
      makeDirectory(directory, 0o700);
      this.#database = new DatabaseSync(join(directory, file), { timeout: 0 });
      this.#database.exec('PRAGMA journal_mode=MEMORY; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE');
    } catch (error) {
      throw new DirectoryLockError(isBusy(error), errorCode(error));
    }
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
