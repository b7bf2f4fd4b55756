/** Errors of the file system that end an app at its start, as a problem of the settings that name its directories. */
import { errorCode, isDiskFull, readFault } from '#libs/files';
import { EXIT_TEMPORARY, SettingsError } from './read-settings.js';

/** System calls that have to do with files; those of the network have problems of their own. */
const OF_FILES = [
  ...[
    'access',
    'open',
    'stat',
    'fstat',
    'lstat',
    'read',
    'write',
    'ftruncate',
    'fsync',
    'fdatasync',
    'close',
    'copyfile',
  ],
  ...[
    'mkdir',
    'rmdir',
    'scandir',
    'opendir',
    'rename',
    'unlink',
    'rm',
    'chmod',
    'fchmod',
    'chown',
    'truncate',
    'statfs',
    'utime',
  ],
];
/** May pass: the process, the system or the disk has no more of something. */
const TRANSIENT = ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EBUSY'];

/**
 * The problem that an error of the file system is: 75 where it may pass, as on a full disk, and else 78. Undefined for other errors.
 *
 * @param variables the settings whose directories the app reads and writes, as in "QRNG_STATE_DIR and QRNG_AUDIT_DIR".
 */
export function diskProblem(variables: string, error: unknown): SettingsError | undefined {
  const { syscall, path } = (error ?? {}) as NodeJS.ErrnoException;
  if (isDiskFull(error)) {
    return new SettingsError(
      [`${variables} must be on a disk with room (${errorCode(error)})`],
      EXIT_TEMPORARY,
    );
  }
  if (syscall === undefined || !OF_FILES.includes(syscall)) return undefined;
  const what = path === undefined ? `${syscall} failed` : `${path} cannot be read or written`;
  const problem = `${variables} must be usable: ${what} (${readFault(error)})`;
  return new SettingsError([problem], TRANSIENT.includes(errorCode(error)) ? EXIT_TEMPORARY : undefined);
}
