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
 * Files of settings: secrets may be in them, so nobody else gets at them; the service may, by its group, as it reads them again.
 *
 * @param user the id of the service's user, where root looks.
 */
export function settingsFiles(name: string, user: number | undefined, paths: readonly string[]): Finding[] {
  return paths.flatMap((path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return [];
    if (user === undefined || admits(stat, user)) return [ofOne(path, stat, 0o640)];
    const remedy = `chgrp ${name} ${path} && chmod 640 ${path}`;
    return [access.warn(`${name} cannot read ${path} again when it is reloaded: ${remedy}`)];
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

function ofOne(path: string, stat: Stats, wanted = stat.isDirectory() ? 0o700 : 0o600): Finding {
  const mode = stat.mode & 0o777;
  if ((mode & 0o077 & ~wanted) !== 0) {
    const remedy = `chmod ${wanted.toString(8)} ${path}`;
    return access.fail(`${path} has mode ${mode.toString(8)}, others can get at it: ${remedy}`);
  }
  return access.pass(`${path} has mode ${mode.toString(8)}`);
}
