/** Errors of the file system that end an app at its start, as a problem of the settings that name its directories. */
import { errorCode, isDiskFull, readFault } from '#libs/files';
import { EXIT_TEMPORARY, SettingsError } from './read-settings.js';

/** Calls on an open file: their errors name no path. */
const OF_OPEN_FILES = ['read', 'write', 'fsync', 'fdatasync', 'ftruncate', 'fstat', 'fchmod', 'close'];
/** What the same calls fail with on a connection, which has problems of its own. */
const OF_NETWORK = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET)/;
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
  if (syscall === undefined || !isOfFiles(syscall, path, errorCode(error))) return undefined;
  const what = path === undefined ? `${syscall} failed` : `${path} cannot be read or written`;
  const problem = `${variables} must be usable: ${what} (${readFault(error)})`;
  return new SettingsError([problem], TRANSIENT.includes(errorCode(error)) ? EXIT_TEMPORARY : undefined);
}

function isOfFiles(syscall: string, path: string | undefined, code: string): boolean {
  if (path !== undefined) return !syscall.startsWith('spawn');
  return OF_OPEN_FILES.includes(syscall) && !OF_NETWORK.test(code);
}
