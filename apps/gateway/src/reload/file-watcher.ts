/**
 * Notices that files changed, by looking at them: Kubernetes swaps symbolic links, which fs.watch does not see.
 *
 *   every half second: stat each file -> changed? -> the same at the next look? -> onChange, one at a time
 *   SIGHUP -> reload(): every onChange at once
 */
import { statSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';

const LOOK_EVERY_MS = 500;

interface Watch {
  readonly paths: readonly string[];
  readonly onChange: () => void | Promise<void>;
  /** How the files were when `onChange` last ran, and at the last look. */
  handled: string;
  seen: string;
}

@Injectable()
export class FileWatcher implements OnApplicationShutdown {
  readonly #watches: Watch[] = [];
  readonly #timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  #queue = Promise.resolve();

  constructor(private readonly logger: PinoLogger) {
    logger.setContext(FileWatcher.name);
  }

  /**
   * Calls `onChange` when one of the files changed (also: appeared, vanished, was replaced through a link) and has
   * settled, and on every `reload()`. Call this first and read the files then, so that no change falls in between.
   * `onChange` keeps what it has when the new content does not hold.
   */
  watch(paths: readonly string[], onChange: () => void | Promise<void>): void {
    const now = fingerprint(paths);
    this.#watches.push({ paths, onChange, handled: now, seen: now });
  }

  /** Reads everything again, changed or not; resolves when all of it was handled. */
  reload(): Promise<void> {
    for (const watch of this.#watches) this.#handle(watch, fingerprint(watch.paths));
    return this.#queue;
  }

  onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    return this.#queue;
  }

  #look(): void {
    for (const watch of this.#watches) {
      const now = fingerprint(watch.paths);
      // A certificate and its key are two files: acting only once they rest spares a refusal in between.
      const settled = now === watch.seen;
      watch.seen = now;
      if (settled && now !== watch.handled) this.#handle(watch, now);
    }
  }

  #handle(watch: Watch, now: string): void {
    watch.handled = watch.seen = now;
    this.#queue = this.#queue
      .then(() => watch.onChange())
      .catch((error: unknown) => {
        this.logger.error({ event: 'reload-failed', files: watch.paths, err: error }, 'a reload failed');
      });
  }
}

/** Differs when a file was written, replaced or removed; follows links. A stat costs microseconds. */
function fingerprint(paths: readonly string[]): string {
  return paths
    .map((path) => {
      const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
      return stat === undefined
        ? 'none'
        : `${stat.dev}.${stat.ino}.${stat.size}.${stat.mtimeNs}.${stat.ctimeNs}`;
    })
    .join(' ');
}
