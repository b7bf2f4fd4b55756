/** Files of a spool in which there was no packet when they were read: they are read again when they change, for a while. */
import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoreMissing } from '#libs/files';

/** Something that moves files slowly may pause for this long within one. */
const ABANDONED_MS = 30_000;

interface Seen {
  /** What the file looked like. */
  readonly state: string;
  /** When it was first seen like this, monotonic ms: its own time may lie in the future. */
  readonly since: number;
  /** It could not be read, which may pass: for want of descriptors, or while a file server is away. */
  unread: boolean;
}

/** What a file looks like: another one under its name, or one that was written to again, looks different. Undefined where there is none. */
export async function stateOf(path: string): Promise<string | undefined> {
  const stats = await lstat(path).catch(ignoreMissing);
  return stats === undefined ? undefined : lookOf(stats);
}

/** With the time of the last change of any kind, which nobody can set: software that moves files may keep their own times. */
function lookOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}

export class IncompleteFiles {
  /** By name; those that were looked at last come last. */
  readonly #seen = new Map<string, Seen>();

  has(name: string): boolean {
    return this.#seen.has(name);
  }

  /** The files to look at again: at most `most`, and of these the ones first that were not looked at for longest. */
  next(most: number): string[] {
    return [...this.#seen.keys()].slice(0, most);
  }

  /** Forgets the files that are not among `names` any more. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#seen.keys()) if (!names.has(name)) this.#seen.delete(name);
  }

  /** What a file looked like at the last look. */
  stateOf(name: string): string | undefined {
    return this.#seen.get(name)?.state;
  }

  /** Forgets a file that turned out to be a packet, or is refused. */
  forget(name: string): void {
    this.#seen.delete(name);
  }

  /** Notes that a file could not be read: it should be tried again. */
  unread(name: string): void {
    const seen = this.#seen.get(name);
    if (seen !== undefined) seen.unread = true;
  }

  /**
   * Whether a file should be read, because it is new or has changed; `abandoned` when it has not changed for too long.
   *
   * @param now monotonic ms.
   */
  async look(directory: string, name: string, now: number): Promise<'changed' | 'unchanged' | 'abandoned'> {
    const stats = await lstat(join(directory, name)).catch(ignoreMissing);
    if (stats === undefined) return 'unchanged'; // moved away in between
    const state = lookOf(stats);
    const last = this.#seen.get(name);
    const seen = last?.state === state ? last : { state, since: now, unread: false };
    this.#seen.delete(name);
    this.#seen.set(name, seen);
    if (seen !== last) return 'changed';
    if (now - seen.since >= ABANDONED_MS) return 'abandoned';
    if (seen.unread) {
      seen.unread = false;
      return 'changed';
    }
    return Date.now() - stats.mtimeMs >= ABANDONED_MS ? 'abandoned' : 'unchanged';
  }
}
