/** What may be missing: undefined instead of ENOENT. Every other error of the file system stays one. */
import { errorCode } from './error-code.js';

/** What `read` gives; undefined where what it reads is not there. */
export function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    ignoreMissing(error);
    return undefined;
  }
}

/** The same of a promise, in its `catch`. */
export function ignoreMissing(error: unknown): undefined {
  if (errorCode(error) !== 'ENOENT') throw error;
}
