/** Reads files again while the gateway runs: each as it changes, all of them on SIGHUP, one after the other. */
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { watchFiles } from '#libs/files';
import { logEvent } from '../log-events.js';

/** A change is handled after two looks that see the same: a revoked key is out within a second of it. */
const LOOK_EVERY_MS = 250;

interface Watch {
  readonly paths: readonly string[];
  readonly onChange: () => void | Promise<void>;
  readonly stop: () => void;
}

@Injectable()
export class FileWatcher implements OnApplicationShutdown {
  readonly #watches: Watch[] = [];
  #queue = Promise.resolve();

  /**
   * Calls `onChange` when one of the files changed (also: appeared, vanished, was replaced through a link) and has
   * settled, and on every `reload()`. Call this first and read the files then, so that no change falls in between.
   * `onChange` keeps what it has when the new content does not hold.
   */
  watch(paths: readonly string[], onChange: Watch['onChange']): void {
    const stop = watchFiles(paths, () => void this.#handle(watch), LOOK_EVERY_MS);
    const watch = { paths, onChange, stop };
    this.#watches.push(watch);
  }

  /** Reads everything again, changed or not; resolves when all of it was handled. */
  async reload(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => this.#handle(watch)));
  }

  onApplicationShutdown(): Promise<void> {
    for (const { stop } of this.#watches) stop();
    return this.#queue;
  }

  #handle({ paths, onChange }: Watch): Promise<void> {
    this.#queue = this.#queue.then(onChange).catch((error: unknown) => {
      logEvent('error', 'reload-failed', { files: paths, err: new Error(String(error), { cause: error }) });
    });
    return this.#queue;
  }
}
