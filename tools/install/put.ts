/** Puts one file into its place, in one step, with its owner and mode. */
import { chmodSync, chownSync, copyFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CommandError } from '#libs/command-line';
import { makeDirectory, readFault, replaceFile } from '#libs/files';
import type { Place } from './places.js';

/** The numbers of a user and of the group with the same name. */
export interface Ids {
  readonly user: number;
  readonly group: number;
}

/** What was done, or with `dryRun` would be. */
export type Outcome = 'made' | 'replaced' | 'same' | 'kept';

/**
 * @param ids of users and of their groups; an owner that is not among them is left to the user who runs this.
 * @param dryRun changes nothing.
 * @throws {CommandError} when the file cannot be read or written.
 */
export function put(place: Place, ids: ReadonlyMap<string, Ids>, dryRun: boolean): Outcome {
  const content = contentOf(place);
  try {
    if (!existsSync(place.target)) {
      if (!dryRun) write(place, content, ids);
      return 'made';
    }
    const there = readFileSync(place.target, 'utf8');
    if (place.group !== undefined && !dryRun) giveTo(place, ids); // also one that an earlier version installed
    if (there === content) return 'same';
    if (place.existing === 'keep' || (place.existing === 'back-up' && isOurs(there))) return 'kept';
    if (dryRun) return 'replaced';
    if (place.existing === 'back-up') copyFileSync(place.target, `${place.target}.before-qrng-dd`);
    replaceFile(place.target, content);
    return 'replaced';
  } catch (error) {
    throw new CommandError(`${place.target} cannot be written (${readFault(error)})`);
  }
}

function contentOf({ source }: Place): string {
  try {
    return readFileSync(source, 'utf8');
  } catch (error) {
    throw new CommandError(`${source} cannot be read (${readFault(error)})`);
  }
}

function write(place: Place, content: string, ids: ReadonlyMap<string, Ids>): void {
  makeDirectory(dirname(place.target), 0o755);
  replaceFile(place.target, content, { mode: place.mode });
  giveTo(place, ids);
}

function giveTo({ target, mode, owner, group = owner }: Place, ids: ReadonlyMap<string, Ids>): void {
  const [of, ofGroup] = [ids.get(owner), ids.get(group)];
  if (of !== undefined && ofGroup !== undefined) chownSync(target, of.user, ofGroup.group);
  chmodSync(target, mode);
}

function isOurs(rules: string): boolean {
  return rules.includes('table inet qrng_');
}
