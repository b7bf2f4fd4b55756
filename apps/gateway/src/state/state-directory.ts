/** `QRNG_STATE_DIR`, locked for this process as long as the gateway runs. */
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { GatewaySettings } from '../settings.js';
import type { DirectoryLock } from '#libs/files';
import { lockDirectory } from '#libs/settings';

@Injectable()
export class StateDirectory implements OnApplicationShutdown {
  readonly path: string;
  readonly #lock: DirectoryLock;

  /** @throws {SettingsError} when it cannot be had. */
  constructor(settings: GatewaySettings) {
    this.path = settings.QRNG_STATE_DIR;
    this.#lock = lockDirectory('QRNG_STATE_DIR', this.path, 'state.lock');
  }

  onApplicationShutdown(): void {
    this.#lock.close();
  }
}
