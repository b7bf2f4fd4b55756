/** The one-way inputs of QRNG_RECEIVE, open from the moment the gateway listens until it stops. */
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { DirectoryLockError, errorCode } from '#libs/files';
import { EXIT_TEMPORARY, SettingsError } from '#libs/settings';
import { AdmissionService } from '../admission/admission.service.js';
import { HmacKeys } from '../packet-keys/hmac-keys.js';
import { PushOutcomes } from '../admission/push-outcomes.js';
import { GatewaySettings } from '../settings.js';
import { SpoolReader } from './spool.reader.js';
import { UdpReceiver } from './udp.receiver.js';

@Injectable()
export class Receivers implements OnApplicationShutdown {
  readonly all: readonly (UdpReceiver | SpoolReader)[];

  constructor(
    settings: GatewaySettings,
    keys: HmacKeys,
    admission: AdmissionService,
    outcomes: PushOutcomes,
  ) {
    this.all = (settings.QRNG_RECEIVE ?? []).map((text) => {
      const url = new URL(text);
      return url.protocol === 'udp:'
        ? new UdpReceiver(url, keys, admission, outcomes)
        : new SpoolReader(url, settings.QRNG_SPOOL_PATIENCE_MS, keys, admission, outcomes);
    });
  }

  /** @throws {SettingsError} when an address or a directory cannot be used. */
  async open(): Promise<void> {
    try {
      for (const receiver of this.all) await receiver.open();
    } catch (error) {
      if (error instanceof DirectoryLockError) {
        throw new SettingsError(
          [`QRNG_RECEIVE must name directories that no other gateway reads (${error.code})`],
          EXIT_TEMPORARY,
        );
      }
      const code = errorCode(error);
      const problem = `QRNG_RECEIVE must name addresses of this machine and directories that exist (${code})`;
      throw code === 'EADDRINUSE'
        ? new SettingsError([problem], EXIT_TEMPORARY)
        : new SettingsError([problem]);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.all.map((receiver) => receiver.close()));
  }
}
