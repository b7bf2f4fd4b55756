/**
 * What a gateway must not forget of a shared pool, over restarts: the highest epoch that it has used, so that a Redis which
 * comes back from before shows, and the latest timestamp that it knows to have been taken, so that nothing older is taken
 * there again. A small JSON file, by space.
 */
import { readFileSync } from 'node:fs';
import { errorCode, replaceFile } from '#libs/files';
import { logEvent } from '../../log-events.js';
import type { Epoch } from './script-prelude.js';

/** What is known of the pool in one space. `newest` is in Unix ms, 0 when nothing was ever taken. */
export interface Known {
  readonly epoch: Epoch;
  readonly newest: number;
}

const NOTHING: Known = { epoch: { number: 0, fence: '' }, newest: 0 };

export class PoolMemory {
  readonly #path: string;
  readonly #known: Map<string, Known>;

  /** @throws when the file cannot be read; without it another Redis could not be told from the one before. */
  constructor(path: string) {
    this.#path = path;
    this.#known = new Map(Object.entries(readKnown(path)));
  }

  of(space: string): Known {
    return this.#known.get(space) ?? NOTHING;
  }

  /**
   * Notes what an answer said of it; a new epoch is on the disk when this returns.
   *
   * @throws the file system's error; the epoch is not known then.
   */
  learn(space: string, epoch: Epoch, newest: number): void {
    const before = this.of(space);
    const after = { epoch, newest: Math.max(before.newest, newest) };
    const isNew = epoch.number !== before.epoch.number || epoch.fence !== before.epoch.fence;
    if (isNew) this.#write(new Map(this.#known).set(space, after));
    this.#known.set(space, after);
  }

  /** Takes along to another space what was taken in this one. */
  move(from: string, to: string): void {
    const { newest } = this.of(from);
    const there = this.of(to);
    if (from === to || newest <= there.newest) return;
    // As from another epoch: where it is known already, less than this would count as lost.
    this.#known.set(to, { epoch: { ...there.epoch, fence: '' }, newest });
  }

  /** Writes everything, at the end. Epochs are on the disk already. */
  save(): void {
    try {
      this.#write(this.#known);
    } catch (error) {
      logEvent('error', 'replay-state-not-saved', { reason: errorCode(error) });
    }
  }

  #write(known: ReadonlyMap<string, Known>): void {
    replaceFile(this.#path, `${JSON.stringify(Object.fromEntries(known))}\n`);
  }
}

function readKnown(path: string): Record<string, Known> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, Known>;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return {};
    throw new Error(`${path} cannot be read; if this gateway shares no pool yet, delete it`, {
      cause: error,
    });
  }
}
