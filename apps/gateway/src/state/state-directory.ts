/** `QRNG_STATE_DIR`, locked for this process as long as the gateway runs; a worker's head has it, and the worker writes nothing. */
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Channel } from '../link/channel.js';
import { HEAD } from '../link/head.js';
import { GatewaySettings } from '../settings.js';
import type { DirectoryLock } from '#libs/files';
import { EXIT_TEMPORARY, lockDirectory } from '#libs/settings';

const LOOK_EVERY_MS = 500;

@Injectable()
export class StateDirectory implements OnApplicationShutdown {
  readonly path: string;
  /** Whether this process writes to it. */
  readonly isOwn: boolean;
  readonly #lock: DirectoryLock | undefined;
  readonly #watch: NodeJS.Timeout | undefined;

  /** @throws {SettingsError} when it cannot be had. */
  constructor(settings: GatewaySettings, @Inject(HEAD) head?: Channel) {
    this.path = settings.QRNG_STATE_DIR;
    this.isOwn = head === undefined;
    this.#lock = this.isOwn ? lockDirectory('QRNG_STATE_DIR', this.path, 'state.lock') : undefined;
    this.#watch = this.#lock && setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#watch);
    this.#lock?.close();
  }

  /** Where the lock was deleted another gateway may have the directory: of two, each would serve and remember its own. */
  #look(): void {
    if (this.#lock?.isHeld !== false) return;
    process.stderr.write('QRNG_STATE_DIR is not locked any more: somebody deleted state.lock in it\n');
    process.exit(EXIT_TEMPORARY);
  }
}
