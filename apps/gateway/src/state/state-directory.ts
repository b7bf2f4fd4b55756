/** `QRNG_STATE_DIR`, locked for this process as long as the gateway runs; a worker's head has it, and the worker writes nothing. */
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Channel } from '../link/channel.js';
import { HEAD } from '../link/head.js';
import { GatewaySettings } from '../settings.js';
import type { DirectoryLock } from '#libs/files';
import { lockDirectory } from '#libs/settings';

@Injectable()
export class StateDirectory implements OnApplicationShutdown {
  readonly path: string;
  /** Whether this process writes to it. */
  readonly isOwn: boolean;
  readonly #lock: DirectoryLock | undefined;

  /** @throws {SettingsError} when it cannot be had. */
  constructor(settings: GatewaySettings, @Inject(HEAD) head?: Channel) {
    this.path = settings.QRNG_STATE_DIR;
    this.isOwn = head === undefined;
    this.#lock = this.isOwn ? lockDirectory('QRNG_STATE_DIR', this.path, 'state.lock') : undefined;
  }

  onApplicationShutdown(): void {
    this.#lock?.close();
  }
}
