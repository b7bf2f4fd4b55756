/**
 * Keeps a second process out of a directory.
 *
 * The lock is the operating system's (fcntl, taken through SQLite because Node offers no other way to it): it ends with
 * the process however that ends, and holds between containers that share a volume, where a file with a process id in it
 * would do neither.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errorCode } from './error-code.js';
import { SettingsError } from './read-settings.js';

const SQLITE_BUSY = 5;

export class DirectoryLock {
  readonly #database: DatabaseSync;

  /**
   * Makes the directory (mode 700) where it is missing, and locks it.
   *
   * @param variable the setting that names it, for the error.
   * @param file in it, to hold the lock.
   * @throws {SettingsError} when another process holds the lock, or the directory cannot be written.
   */
  constructor(variable: string, directory: string, file: string) {
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      this.#database = new DatabaseSync(join(directory, file), { timeout: 0 });
      this.#database.exec('PRAGMA journal_mode=MEMORY; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE');
    } catch (error) {
      throw new SettingsError([
        `${variable} must be ${isBusy(error) ? NOT_SHARED : WRITABLE} (${errorCode(error)})`,
      ]);
    }
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

const NOT_SHARED = 'a directory of this process alone: another process is using it';
const WRITABLE = 'a directory that this process can write';

function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
