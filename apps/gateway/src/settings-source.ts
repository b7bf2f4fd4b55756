/** Where the settings came from, so that the secrets among them can be read again while the gateway runs. */
import type { GatewaySettings } from './settings.js';

export class SettingsSource {
  /**
   * @param secretFiles the files named by `NAME_FILE` variables, to be watched.
   * @param read reads and checks the environment again; throws SettingsError when it does not hold.
   */
  constructor(
    readonly secretFiles: readonly string[],
    readonly read: () => Readonly<GatewaySettings>,
  ) {}
}
