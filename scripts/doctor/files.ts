/** Access to configuration files: readable for their owner and for nobody else (chmod 600). */
import { statSync } from 'node:fs';
import type { Stats } from 'node:fs';
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

function ofOne(path: string, stat: Stats): Finding {
  const mode = stat.mode & 0o777;
  if ((mode & 0o077) !== 0) {
    const wanted = stat.isDirectory() ? '700' : '600';
    return access.fail(`${path} has mode ${mode.toString(8)}, others can get at it: chmod ${wanted} ${path}`);
  }
  return access.pass(`${path} has mode ${mode.toString(8)}`);
}
