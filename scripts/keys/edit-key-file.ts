/** Changes a key file as a whole or not at all: what does not hold is not written, and a reader never sees half of it. */
import {
  chownSync,
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { parseKeyFile } from '../../apps/gateway/src/clients/key-file.js';
import type { KeyFileEntry } from '../../apps/gateway/src/clients/key-file.js';
import { errorCode } from '#libs/settings';

/** The file could not be changed; the message says why. */
export class EditError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EditError';
  }
}

/**
 * Writes what `change` makes of the entries; without `change` the file is only read.
 *
 * @returns the entries that the file has then.
 * @throws {KeyFileError} when the file does not hold, or would not. {EditError} when it cannot be read or written.
 */
export function editKeyFile(
  path: string,
  change?: (entries: KeyFileEntry[]) => readonly object[],
): KeyFileEntry[] {
  const text = readIfThere(path);
  if (change === undefined) {
    if (text === undefined) throw new EditError('there is no such file');
    return parseKeyFile(text);
  }
  const changed = JSON.stringify(change(parseKeyFile(text ?? '[]')), undefined, 2) + '\n';
  const entries = parseKeyFile(changed);
  replace(text === undefined ? path : realpathSync(path), changed);
  return entries;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new EditError(`it cannot be read (${errorCode(error)})`);
  }
}

/** A new file has mode 600; one that was there keeps its mode and owner, who is the gateway's user. */
function replace(path: string, text: string): void {
  const draft = `${path}.new`;
  let descriptor: number;
  try {
    descriptor = openSync(draft, 'wx', 0o600);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw new EditError(`it cannot be written (${errorCode(error)})`);
    throw new EditError(
      `${draft} is there: somebody else changes the file, or a change was cut off; then remove it`,
    );
  }
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
    closeSync(descriptor);
    keepOwner(path, draft);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new EditError(`it cannot be written (${errorCode(error)})`);
  }
}

function keepOwner(path: string, draft: string): void {
  const old = statSync(path, { throwIfNoEntry: false });
  if (old === undefined) return;
  chmodSync(draft, old.mode & 0o777);
  if (process.getuid?.() === 0) chownSync(draft, old.uid, old.gid);
}
