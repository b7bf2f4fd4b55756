/**
 * One collector for each state directory: a file that names the process that holds it.
 *
 * A lock left behind by `kill -9` or a power cut is recognised: no process of that number runs, or it began at another
 * time. Processes in other containers cannot be seen from here; two of them that share a directory are noticed by the
 * gateway instead (409: the boot of one is below that of the other).
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../error-code.js';
import { StateError } from './state-error.js';

const FILE = 'lock';

/**
 * Takes the lock of `folder` for this process.
 *
 * @returns a function that gives it back.
 * @throws {StateError} when another process holds it, or the directory cannot be written.
 */
export function lockState(folder: string): () => void {
  const path = join(folder, FILE);
  const mine = identityOf(process.pid) ?? `${process.pid}`;
  if (!create(path, mine)) {
    const holder = readFileSync(path, 'utf8');
    const [pid] = holder.split(' ');
    if (holder !== mine && holder === identityOf(Number(pid))) {
      throw new StateError(`${folder} is in use by the collector with process id ${pid}`);
    }
    rmSync(path);
    if (!create(path, mine)) throw new StateError(`${folder} was taken by another collector just now`);
  }
  return () => rmSync(path, { force: true });
}

function create(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw new StateError(`${path} cannot be written (${codeOf(error)})`);
  }
}

/** Process id and start time (field 22 of /proc/PID/stat, proc(5)), so that a number used again is not mistaken. */
function identityOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from field 3 on
    return `${pid} ${fields[19]}`;
  } catch {
    return undefined; // no such process
  }
}
