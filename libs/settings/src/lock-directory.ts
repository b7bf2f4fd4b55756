/** Locks a directory that a setting names, and says it as a problem of that setting where that is not possible. */
import { DirectoryLock, DirectoryLockError, readFault } from '#libs/files';
import { SettingsError } from './read-settings.js';

/**
 * Makes the directory (mode 700) where it is missing, and locks it for this process.
 *
 * @param variable the setting that names it, for the error.
 * @param file in it, to hold the lock.
 * @throws {SettingsError} when another process holds the lock, or the directory cannot be written.
 */
export function lockDirectory(variable: string, directory: string, file: string): DirectoryLock {
  try {
    return new DirectoryLock(directory, file);
  } catch (error) {
    if (!(error instanceof DirectoryLockError)) throw error;
    throw lockProblem(variable, error);
  }
}

/** Why the directory that `variable` names could not be locked, as a problem of that setting. */
export function lockProblem(variable: string, error: DirectoryLockError): SettingsError {
  return new SettingsError([
    `${variable} must be ${error.busy ? NOT_SHARED : WRITABLE} (${readFault(error)})`,
  ]);
}

const NOT_SHARED = 'a directory of this process alone: another process is using it';
export const WRITABLE = 'a directory that this process can write';
