/** Writes the planned files. What is there is never touched. */
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CommandError } from '#libs/command-line';
import { errorCode, makeDirectory, readFault, rewriteFile } from '#libs/files';
import { PAIRS } from './plan.js';
import type { PlannedFile } from './plan.js';

export interface Written {
  readonly file: PlannedFile;
  /** False when it was there already. */
  readonly made: boolean;
}

/**
 * Writes each file that is missing, in folders that only their owner can enter.
 *
 * @param dryRun looks at what would be made, and makes nothing.
 * @throws {CommandError} when one of two files that belong together is missing, or the folder cannot be written.
 */
export async function writeFiles(
  folder: string,
  files: readonly PlannedFile[],
  dryRun: boolean,
): Promise<Written[]> {
  for (const [one, other] of PAIRS) checkPair(folder, one, other);
  const written: Written[] = [];
  for (const file of files) {
    const path = join(folder, file.path);
    const made = !existsSync(path);
    if (made && !dryRun) write(path, await file.content(), file);
    written.push({ file, made });
  }
  return written;
}

function checkPair(folder: string, one: string, other: string): void {
  const hasOne = existsSync(join(folder, one));
  const hasOther = existsSync(join(folder, other));
  if (hasOne === hasOther) return;
  const [there, missing] = hasOne ? [one, other] : [other, one];
  throw new CommandError(
    `${there} is there and ${missing} is not: put it back, or remove ${there} to have both made again`,
  );
}

function write(path: string, content: string, { mode, owner }: PlannedFile): void {
  try {
    makeDirectory(dirname(path), 0o700);
    rewriteFile(path, (there) => there ?? content, { mode }); // what somebody else wrote meanwhile stays, too
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') {
      throw new CommandError(`${path} cannot be written (${readFault(error)})`);
    }
    throw new CommandError(
      `${path}.new is there: somebody else makes this installation, or a run was cut off; then remove it`,
    );
  }
  const id = process.getuid?.() === 0 && owner !== 'root' ? userId(owner) : undefined;
  if (id !== undefined) chownSync(path, id, -1); // its group has another number, and is not needed
}

/** The id of a user of this machine. The services' users are usually those of other machines, where install gives the files to them. */
function userId(name: string): number | undefined {
  const { status, stdout } = spawnSync('id', ['-u', name], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : undefined;
}
