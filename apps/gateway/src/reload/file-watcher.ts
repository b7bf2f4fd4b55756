/** Reads files again while the gateway runs: each as it changes, all of them and the settings on SIGHUP, one after the other. */
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { watchFiles } from '#libs/files';
import { SettingsError } from '#libs/settings';
import { KeyFileError } from '../clients/key-entries.js';
import { useLogLevel } from '../framework-logger.js';
import { logEvent } from '../log-events.js';
import { GatewaySettings } from '../settings.js';
import { SettingsSource } from '../settings-source.js';
import { Reloads } from './reloads.js';
import type { Reloaded } from './reloads.js';

/** A change is handled after two looks that see the same: a revoked key is out within a second of it. */
const LOOK_EVERY_MS = 250;

interface Watch {
  readonly what: Reloaded;
  readonly paths: readonly string[];
  readonly reload: () => void | Promise<void>;
  readonly stop: () => void;
}

@Injectable()
export class FileWatcher implements OnApplicationShutdown {
  readonly #watches: Watch[] = [];
  #queue = Promise.resolve();

  constructor(
    private readonly reloads: Reloads,
    settings: GatewaySettings,
    { live }: SettingsSource,
  ) {
    if (live === undefined) return;
    // The first, and on SIGHUP alone: what is read after them may be in the same file.
    this.watch('settings', [], () => {
      this.reloads.settingsRead(live.refresh());
      useLogLevel(settings.QRNG_LOG_LEVEL);
    });
  }

  /**
   * Calls `reload` when one of the files changed (also: appeared, vanished, was replaced through a link) and has settled,
   * and on every `reload()`. Call this first and read the files then, so that no change falls in between.
   *
   * @param reload takes over what is on disk, or throws SettingsError or KeyFileError and keeps what it has.
   */
  watch(what: Reloaded, paths: readonly string[], reload: Watch['reload']): void {
    const stop = watchFiles(paths, () => void this.#handle(watch), LOOK_EVERY_MS);
    const watch = { what, paths, reload, stop };
    this.#watches.push(watch);
    this.reloads.taken(what); // read at the start; what cannot be used then ends the process
  }

  /** Reads everything again, changed or not, each on its own; resolves when all of it was handled. */
  async reload(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => this.#handle(watch)));
  }

  onApplicationShutdown(): Promise<void> {
    for (const { stop } of this.#watches) stop();
    return this.#queue;
  }

  #handle(watch: Watch): Promise<void> {
    this.#queue = this.#queue.then(() => this.#reload(watch));
    return this.#queue;
  }

  async #reload({ what, paths, reload }: Watch): Promise<void> {
    try {
      await reload();
      this.reloads.taken(what);
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error));
      if (!(cause instanceof SettingsError || cause instanceof KeyFileError)) {
        logEvent('error', 'reload-failed', { files: paths, err: cause });
      }
      this.reloads.refused(what, cause.message);
    }
  }
}
