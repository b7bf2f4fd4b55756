/** Looks at directories that settings name, for `--check`, and makes none. */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readFault } from '#libs/files';
import { WRITABLE } from './lock-directory.js';

/**
 * A line when this process could not write `directory`.
 *
 * @param variable the setting that names it.
 * @param missing whether it may be missing, and will be made.
 */
export function directoryProblems(
  variable: string,
  directory: string,
  missing: 'is made' | 'is a fault',
): string[] {
  const path = resolve(directory);
  const [verb, code] =
    missing === 'is made' ? ['be', faultOf(nearestExisting(path))] : ['name', faultOf(path)];
  return code === undefined ? [] : [`${variable} must ${verb} ${WRITABLE} (${code})`];
}

function nearestExisting(path: string): string {
  try {
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) return path;
  } catch {
    return path; // the look at its rights says why
  }
  return nearestExisting(dirname(path));
}

function faultOf(path: string): string | undefined {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return statSync(path).isDirectory() ? undefined : 'ENOTDIR';
  } catch (error) {
    return readFault(error);
  }
}
