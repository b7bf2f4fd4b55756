/**
 * Reads files that an operator names: regular files of a bounded size. A FIFO or a device in their place would hold up the
 * whole process, at the start without a word and at a reload for good.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { errorCode } from './error-code.js';

/** A thousand times what a file of keys or certificates has. */
const MAX_BYTES = 16 * 1024 * 1024;

/** What the path leads to cannot be read as a file; `code` says why, in place of that of the system. */
class NotAFileError extends Error {
  constructor(readonly code: string) {
    super(code);
    this.name = 'NotAFileError';
  }
}

/**
 * The bytes of a file that a setting or an argument names.
 *
 * @throws the system's error, or one for what is no regular file of at most 16 MiB; `readFault` says it in words.
 */
export function readSettingFile(path: string): Buffer {
  // Without O_NONBLOCK opening a FIFO waits for a writer.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new NotAFileError(kindOf(stats));
    if (stats.size > MAX_BYTES) throw new NotAFileError('more than 16 MiB');
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** The same as text, without the byte order mark that some editors write: neither JSON nor PEM begins with one. */
export function readSettingText(path: string): string {
  return new TextDecoder().decode(readSettingFile(path));
}

/** Why a file could not be read, for the brackets after "cannot be read": the code, and for EACCES as whom it was tried. */
export function readFault(error: unknown): string {
  const code = errorCode(error);
  const user = process.geteuid?.();
  return ['EACCES', 'EPERM'].includes(code) && user !== undefined
    ? `${code}: this process runs as user ${user}`
    : code;
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'EISDIR';
  if (stats.isFIFO()) return 'a FIFO, not a file';
  return 'a device, not a file'; // a socket cannot be opened at all (ENXIO)
}
