/**
 * Files that are done with, and that the file system does not let go yet: by another owner in a sticky directory, on a read-only mount.
 * They are not read again, hold up no other file, and are tried again until they are gone.
 */
import { errorCode } from '#libs/files';

const RETRY_MS = 5000;

type Removal = () => void | Promise<void>;

export class StuckFiles {
  readonly #removals = new Map<string, Removal>();
  #retryAt = 0;

  /** @param onFirst called for a file that cannot be removed, when there was none before. */
  constructor(private readonly onFirst: (name: string, reason: string) => void) {}

  has(name: string): boolean {
    return this.#removals.has(name);
  }

  /** Removes a file by `removal`, now or later. */
  async remove(name: string, removal: Removal): Promise<void> {
    try {
      await removal();
      this.#removals.delete(name);
    } catch (error) {
      if (this.#removals.size === 0) this.onFirst(name, errorCode(error));
      this.#removals.set(name, removal);
    }
  }

  /** Tries again what it is time for, and forgets the files that are not among `names` any more. `now` in ms never goes back. */
  async tryAgain(names: ReadonlySet<string>, now: number): Promise<void> {
    for (const name of this.#removals.keys()) if (!names.has(name)) this.#removals.delete(name);
    if (now < this.#retryAt) return;
    this.#retryAt = now + RETRY_MS;
    for (const [name, removal] of this.#removals) await this.remove(name, removal);
  }
}
