/** Puts one file into its place, in one step, with its owner and mode. */
import { chownSync, copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode, replaceFile } from '#libs/files';
import type { Place } from './places.js';

/** A file could not be put into its place. */
export class InstallError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InstallError';
  }
}

/** What was done, or with `dryRun` would be. */
export type Outcome = 'made' | 'replaced' | 'same' | 'kept';

/**
 * @param ids the user ids of owners; an owner that is not among them is left to the user who runs this.
 * @param dryRun changes nothing.
 * @throws {InstallError} when the file cannot be read or written.
 */
export function put(place: Place, ids: ReadonlyMap<string, number>, dryRun: boolean): Outcome {
  try {
    const content = readFileSync(place.source, 'utf8');
    if (!existsSync(place.target)) {
      if (!dryRun) write(place, content, ids.get(place.owner));
      return 'made';
    }
    const there = readFileSync(place.target, 'utf8');
    if (there === content) return 'same';
    if (place.existing === 'keep' || (place.existing === 'back-up' && isOurs(there))) return 'kept';
    if (dryRun) return 'replaced';
    if (place.existing === 'back-up') copyFileSync(place.target, `${place.target}.before-qrng-dd`);
    replaceFile(place.target, content);
    return 'replaced';
  } catch (error) {
    throw new InstallError(`${place.target} cannot be written (${errorCode(error)})`);
  }
}

function write({ target, mode }: Place, content: string, owner: number | undefined): void {
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
  replaceFile(target, content, { mode });
  if (owner !== undefined) chownSync(target, owner, owner);
}

function isOurs(rules: string): boolean {
  return rules.includes('table inet qrng_');
}
