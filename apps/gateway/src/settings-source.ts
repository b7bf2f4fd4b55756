/** Where the settings came from, so that the secrets among them can be read again while the gateway runs. */
import type { GatewaySettings } from './settings.js';

type Names = readonly (keyof GatewaySettings)[];

export class SettingsSource {
  /**
   * @param secretFiles the files named by `NAME_FILE` variables, to be watched.
   * @param reader reads and checks these variables of the environment again; throws SettingsError when one is wrong.
   */
  constructor(
    readonly secretFiles: readonly string[],
    private readonly reader: (names: Names) => Readonly<GatewaySettings>,
  ) {}

  /**
   * These settings as they are now, whatever becomes of others.
   *
   * @throws {SettingsError}
   */
  read<K extends keyof GatewaySettings>(...names: K[]): Readonly<Pick<GatewaySettings, K>> {
    return this.reader(names);
  }
}
