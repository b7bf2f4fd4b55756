/** Files of a spool in which there was no packet when they were read: they are read again when they change, for a while. */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '#libs/files';

/** Something that moves files slowly may pause for this long within one. */
const ABANDONED_MS = 30_000;

export class IncompleteFiles {
  /** By name: what the file looked like when it was read. */
  readonly #states = new Map<string, string>();

  /** Forgets the files that are not among `names` any more. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#states.keys()) if (!names.has(name)) this.#states.delete(name);
  }

  /** Forgets a file that turned out to be a packet. */
  forget(name: string): void {
    this.#states.delete(name);
  }

  /** Whether a file should be read, because it is new or has changed; `abandoned` when it has not changed for too long. */
  async look(directory: string, name: string): Promise<'changed' | 'unchanged' | 'abandoned'> {
    const stats = await lstat(join(directory, name)).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return undefined; // moved away in between
      throw error;
    });
    if (stats === undefined) return 'unchanged';
    const state = `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
    if (this.#states.get(name) !== state) {
      this.#states.set(name, state);
      return 'changed';
    }
    return Date.now() - stats.mtimeMs >= ABANDONED_MS ? 'abandoned' : 'unchanged';
  }
}
