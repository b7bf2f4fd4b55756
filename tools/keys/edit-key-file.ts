/** Changes a key file as a whole or not at all: an invalid one is not written, and a reader never sees half of it. */
import { readFileSync } from 'node:fs';
import { parseKeyFile } from '../../apps/gateway/src/clients/key-file.js';
import type { KeyFileEntry } from '../../apps/gateway/src/clients/key-file.js';
import { errorCode, rewriteFile } from '#libs/files';

/** Where qrng-dd install puts it. */
export const INSTALLED_KEY_FILE = '/etc/qrng-dd/gateway/api-keys.json';

/** The file could not be changed; the message says why. */
export class EditError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EditError';
  }
}

/**
 * Writes what `change` makes of the entries; without `change` the file is only read. A new file has mode 600; one that
 * was there keeps its mode and owner, which is the gateway's user.
 *
 * @returns the entries that the file has then.
 * @throws {KeyFileError} when the file is invalid, or would be. {EditError} when it cannot be read or written.
 */
export function editKeyFile(
  path: string,
  change?: (entries: KeyFileEntry[]) => readonly object[],
): KeyFileEntry[] {
  if (change === undefined) return parseKeyFile(read(path));
  try {
    const changed = rewriteFile(path, (text) => {
      const draft = JSON.stringify(change(parseKeyFile(text ?? '[]')), undefined, 2) + '\n';
      parseKeyFile(draft);
      return draft;
    });
    return parseKeyFile(changed);
  } catch (error) {
    const code = errorCode(error);
    if (!/^E[A-Z0-9]+$/.test(code)) throw error; // what `change` or the file's rules say, not the file system
    if (code !== 'EEXIST') throw new EditError(`it cannot be written (${code})`);
    throw new EditError(
      `${path}.new is there: somebody else changes the file, or a change was cut off; then remove it`,
    );
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw new EditError('there is no such file');
    throw new EditError(`it cannot be read (${errorCode(error)})`);
  }
}
