/** One step of a rotation: what it changes, and what the operator does next. */
import { readFileSync } from 'node:fs';
import { CommandError } from '#libs/command-line';
import { errorCode, readFault, replaceFile } from '#libs/files';

export interface Change {
  readonly path: string;
  readonly content: string;
  /** What the file will hold, for people; never the content. */
  readonly what: string;
}

export interface Step {
  /** In the order in which they are written; none when there is nothing to do. */
  readonly changes: readonly Change[];
  readonly next: string;
}

/** Writes each change in one step, keeping the file's owner and mode, and says what was done. @throws {CommandError} */
export function perform({ changes, next }: Step, dryRun: boolean): void {
  for (const { path, content, what } of changes) {
    if (!dryRun) write(path, content);
    console.log(`${dryRun ? 'would write' : 'wrote'} ${path}: ${what}`);
  }
  console.log(`${changes.length === 0 ? '' : '\n'}${next}`);
}

function write(path: string, content: string): void {
  try {
    replaceFile(path, content);
  } catch (error) {
    throw new CommandError(`${path} cannot be written (${readFault(error)}): mend that, then run this again`);
  }
}

/** The text of a file. @throws {CommandError} */
export function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CommandError(`${path} cannot be read (${errorCode(error)})`);
  }
}
