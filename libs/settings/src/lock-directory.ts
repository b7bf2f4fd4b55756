/** Locks a directory that a setting names, and says it as a problem of that setting where that is not possible. */
import { DirectoryLock, DirectoryLockError, readFault } from '#libs/files';
import { EXIT_TEMPORARY, SettingsError } from './read-settings.js';

const LOOK_EVERY_MS = 500;

/**
 * Makes the directory (mode 700) where it is missing, and locks it for this process. As soon as another process may have it, this one ends
 * with 75 and one line: of two, each would keep its own state, and neither know what the other one took. Until the lock is closed.
 *
 * @param variable the setting that names it, for the error.
 * @param file in it, to hold the lock.
 * @throws {SettingsError} when another process holds the lock, or the directory cannot be written.
 */
export function lockDirectory(variable: string, directory: string, file: string): DirectoryLock {
  let lock: DirectoryLock;
  try {
    lock = new DirectoryLock(directory, file);
  } catch (error) {
    if (!(error instanceof DirectoryLockError)) throw error;
    throw lockProblem(variable, error);
  }
  const timer = setInterval(() => {
    if (!lock.isOpen) clearInterval(timer);
    else if (lock.loss !== undefined) endWith(`${variable} ${lock.loss}`);
  }, LOOK_EVERY_MS).unref();
  return lock;
}

function endWith(line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(EXIT_TEMPORARY);
}

/** Why the directory that `variable` names could not be locked, as a problem of that setting. */
export function lockProblem(variable: string, error: DirectoryLockError): SettingsError {
  return new SettingsError([
    `${variable} must be ${error.busy ? NOT_SHARED : WRITABLE} (${readFault(error)})`,
  ]);
}

const NOT_SHARED = 'a directory of this process alone: another process is using it';
export const WRITABLE = 'a directory that this process can write';
