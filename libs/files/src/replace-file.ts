/** Replaces a file in one step: anyone who reads it, and anyone who finds it after a crash, sees the old content or the new. */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ifThere } from './if-there.js';
import { isConfined } from './is-confined.js';

export interface ReplaceOptions {
  /** Of a file that was not there; 600 by default. One that was there keeps its mode, and its owner where this process may set it. */
  readonly mode?: number;
  /**
   * Whether it is on the disk when the function returns; true by default. Without it a power cut may take the change back; in a process
   * that Node confines, too, until the directory was synced (`syncDirectory`).
   */
  readonly sync?: boolean;
}

/**
 * Puts `content` in the place of the file at `path`. Two processes must not do this to one file at once: see `rewriteFile`.
 *
 * @throws the file system's error; the file is then as it was.
 */
export function replaceFile(path: string, content: string | Uint8Array, options: ReplaceOptions = {}): void {
  const target = realPath(path);
  const { O_WRONLY, O_CREAT, O_TRUNC } = constants;
  writeDraft(openDraft(target, O_WRONLY | O_CREAT | O_TRUNC, options), target, content, options);
}

/**
 * Replaces the file at `path` with what `change` makes of its text (undefined when there is no file). Of two processes
 * that do this at once, one gets the error EEXIST: no change is lost between reading and writing.
 *
 * @returns the text that was written.
 * @throws what `change` throws, or the file system's error; the file is then as it was.
 */
export function rewriteFile(
  path: string,
  change: (text: string | undefined) => string,
  options: ReplaceOptions = {},
): string {
  const target = realPath(path);
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  const draft = openDraft(target, O_WRONLY | O_CREAT | O_EXCL, options);
  let content: string;
  try {
    content = change(ifThere(() => readFileSync(target, 'utf8')));
  } catch (error) {
    closeSync(draft);
    rmSync(`${target}.new`, { force: true });
    throw error;
  }
  writeDraft(draft, target, content, options);
  return content;
}

/** O_SYNC: what is written is on the disk then. A process that Node confines has no fsync. */
function openDraft(target: string, flags: number, { sync = true }: ReplaceOptions): number {
  return openSync(`${target}.new`, sync ? flags | constants.O_SYNC : flags, 0o600);
}

function writeDraft(
  draft: number,
  target: string,
  content: string | Uint8Array,
  { mode = 0o600, sync = true }: ReplaceOptions,
): void {
  try {
    try {
      writeFileSync(draft, content);
    } finally {
      closeSync(draft);
    }
    keepOwner(statSync(target, { throwIfNoEntry: false }), `${target}.new`, mode);
    renameSync(`${target}.new`, target);
  } catch (error) {
    rmSync(`${target}.new`, { force: true });
    throw error;
  }
  if (sync && !isConfined()) fsyncDirectory(dirname(target)); // the rename itself
}

function keepOwner(old: Stats | undefined, draft: string, mode: number): void {
  chmodSync(draft, old === undefined ? mode : old.mode & 0o7777);
  if (old !== undefined && process.getuid?.() === 0) chownSync(draft, old.uid, old.gid);
}

/** Puts on the disk which files a directory has. @throws the file system's error. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Where a symbolic link leads, so that the link stays one. */
function realPath(path: string): string {
  return ifThere(() => realpathSync(path)) ?? path;
}

function fsyncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
