/** Access to configuration files: readable for the service that needs them, and secrets for nobody else (chmod 600). */
import { statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import { check } from './finding.js';
import type { Finding } from './finding.js';

const access = check('File permissions');

/** One finding for each file or directory that exists; what is missing the settings have complained of. */
export function permissions(paths: readonly string[]): Finding[] {
  return [...new Set(paths)].flatMap((path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? [] : [ofOne(path, stat)];
  });
}

/**
 * A failure for each file, or the folder it is in, that `user` (its id) cannot get at, though root, who runs the doctor, can.
 * What the group may read passes: who is in it is not looked at. Nothing without such a user, as where the app is a container.
 */
export function readableFor(name: string, user: number | undefined, paths: readonly string[]): Finding[] {
  if (user === undefined) return [];
  return [...new Set(paths.flatMap((path) => [dirname(path), path]))].flatMap((path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined || admits(stat, user)
      ? []
      : [access.fail(`${name} cannot read ${path}: chown ${name} ${path}`)];
  });
}

function admits(stat: Stats, user: number): boolean {
  const wanted = stat.isDirectory() ? 0o111 : 0o444;
  return (stat.mode & wanted & (stat.uid === user ? 0o700 : 0o077)) !== 0;
}

function ofOne(path: string, stat: Stats): Finding {
  const mode = stat.mode & 0o777;
  if ((mode & 0o077) !== 0) {
    const wanted = stat.isDirectory() ? '700' : '600';
    return access.fail(`${path} has mode ${mode.toString(8)}, others can get at it: chmod ${wanted} ${path}`);
  }
  return access.pass(`${path} has mode ${mode.toString(8)}`);
}
