/** The processes that were started in a folder, to see that none is left. */
import { readdirSync, readlinkSync } from 'node:fs';

/** The ids of the processes whose working directory is `folder`. */
export function processesIn(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === folder;
    } catch {
      return false; // ended meanwhile
    }
  });
}
