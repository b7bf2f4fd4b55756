/** Reads files of the receipt log: one that cannot be read is 503 for everyone who asks for what is in it, and one line in the log. */
import { errorCode } from '#libs/files';
import { logEvent } from '../log-events.js';
import { setLatest } from '../maps.js';
import { unavailable } from '../problem/api-error.js';
import type { ApiError } from '../problem/api-error.js';
import { RecordFileError } from './record-file.js';

const RETRY_SECS = 60;
/** Files whose fault was logged; of more than these one is logged again. */
const MOST_SAID = 1000;

export class Reads {
  readonly #said = new Map<string, true>();

  /**
   * What `read` gives.
   *
   * @throws {ApiError} `unavailable` where a file cannot be read or is damaged; else what `read` throws.
   */
  async of<T>(read: () => T | Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      const reason = reasonOf(error);
      if (reason === undefined) throw error;
      if (!this.#said.has(reason)) logEvent('error', 'receipt-log-unreadable', { reason });
      setLatest(this.#said, reason, true, MOST_SAID);
      const detail =
        'A file of the receipt log cannot be read. The operator has to put it back from a backup.';
      throw unavailable(detail, RETRY_SECS);
    }
  }
}

/** Why a file could not be read; undefined for errors of another kind. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof RecordFileError) return error.message;
  const { syscall, path = 'one of its files' } = (error ?? {}) as NodeJS.ErrnoException;
  return syscall === undefined ? undefined : `${path} cannot be read (${errorCode(error)})`;
}

/** For a draw or a receipt that has to wait until the log can be written. */
export function noReceipt(): ApiError {
  return unavailable(
    'No receipt can be written or published now, and nothing was taken. Ask without one, or try again later.',
  );
}

/** Instead of what was drawn for a receipt that could not be written. */
export function notWritten(): ApiError {
  return unavailable('The receipt could not be written; what was drawn for it is given to nobody.');
}
