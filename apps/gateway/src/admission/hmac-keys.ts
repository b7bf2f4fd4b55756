/** The HMAC keys that are valid now: the current one, and while keys are rotated the previous one. */
import { Injectable } from '@nestjs/common';
import { Keyring, MacKey } from '#libs/crypto';
import { SettingsError } from '#libs/settings';
import { FileWatcher } from '../reload/file-watcher.js';
import { SettingsSource } from '../settings-source.js';
import { GatewaySettings } from '../settings.js';
import { HmacKeyReports } from './hmac-key-reports.js';

@Injectable()
export class HmacKeys {
  #ring: Keyring;

  constructor(
    settings: GatewaySettings,
    private readonly source: SettingsSource,
    private readonly reports: HmacKeyReports,
    watcher: FileWatcher,
  ) {
    watcher.watch(source.secretFiles, () => this.#reload());
    this.#ring = ringOf(settings);
    reports.valid(this.#ring.ids());
  }

  /** The keys at this moment; do not keep it. */
  get ring(): Keyring {
    return this.#ring;
  }

  /** The old keys stay, both of them, when what is there now does not hold. */
  #reload(): void {
    try {
      const ring = ringOf(this.source.read());
      if (ring.ids().join() === this.#ring.ids().join()) return;
      this.#ring = ring;
      this.reports.reloaded(ring.ids());
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      this.reports.refused(error.message);
    }
  }
}

function ringOf(settings: Readonly<GatewaySettings>): Keyring {
  const { QRNG_HMAC_SECRET_KEY: current, QRNG_HMAC_SECRET_KEY_PREVIOUS: previous } = settings;
  return new Keyring(
    [current, previous].filter((hex) => hex !== undefined).map((hex) => MacKey.fromHex(hex)),
  );
}
