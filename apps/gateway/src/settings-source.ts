/** Where the settings came from, so that some of them can be read again while the gateway runs. */
import type { LiveSettings } from '#libs/settings';
import type { GatewaySettings } from './settings.js';

type Names = readonly (keyof GatewaySettings)[];

export class SettingsSource {
  /**
   * @param secretFiles the files named by `NAME_FILE` variables, to be watched.
   * @param reader reads and checks these variables of the environment again; throws SettingsError when one is wrong.
   * @param live takes over, in the environment too, those settings that can change; without it they stay.
   */
  constructor(
    readonly secretFiles: readonly string[],
    private readonly reader: (names: Names) => Readonly<GatewaySettings>,
    readonly live?: LiveSettings<GatewaySettings>,
  ) {}

  /** These settings as they are now, whatever becomes of others. @throws {SettingsError} */
  read<K extends keyof GatewaySettings>(...names: K[]): Readonly<Pick<GatewaySettings, K>> {
    return this.reader(names);
  }
}
