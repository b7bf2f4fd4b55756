/** Reads the HMAC keys that the settings and the file that they name give, whether they are valid now or not. */
import { MacKey } from '#libs/crypto';
import { readFault, readSettingText } from '#libs/files';
import { SettingsError } from '#libs/settings';
import { KeyFileError } from '../clients/key-entries.js';
import type { GatewaySettings } from '../settings.js';
import { parseCollectorKeys } from './collector-keys.js';
import type { CollectorKey } from './collector-keys.js';

/** What the settings and the file that they name say, with keys that are not valid yet and not valid any more. */
export interface KeySet {
  readonly shared: readonly MacKey[];
  readonly own: readonly CollectorKey[];
}

export const HMAC_KEY_SETTINGS = [
  'QRNG_HMAC_SECRET_KEY',
  'QRNG_HMAC_SECRET_KEY_PREVIOUS',
  'QRNG_COLLECTOR_KEYS_FILE',
] as const;

/**
 * Reads the keys that the settings and the file of the collectors' keys give.
 *
 * @throws {SettingsError} when that file is invalid.
 */
export function keysOf(
  settings: Readonly<Pick<GatewaySettings, (typeof HMAC_KEY_SETTINGS)[number]>>,
): KeySet {
  const { QRNG_HMAC_SECRET_KEY: current, QRNG_HMAC_SECRET_KEY_PREVIOUS: previous } = settings;
  const shared = [current, previous].filter((hex) => hex !== undefined).map((hex) => MacKey.fromHex(hex));
  const own = readCollectorKeys(settings.QRNG_COLLECTOR_KEYS_FILE);
  const both = own.find(({ key, isPrevious }) => !isPrevious && shared.some(({ id }) => id === key.id));
  if (both !== undefined) {
    const problem = `QRNG_COLLECTOR_KEYS_FILE must not hold a key that all collectors share, as that of ${both.collector} is`;
    throw new SettingsError([problem]);
  }
  return { shared, own };
}

function readCollectorKeys(path: string | undefined): CollectorKey[] {
  if (path === undefined) return [];
  try {
    return parseCollectorKeys(readSettingText(path));
  } catch (error) {
    const reason = error instanceof KeyFileError ? error.message : readFault(error);
    throw new SettingsError([`QRNG_COLLECTOR_KEYS_FILE must be a file of collectors' keys: ${reason}`]);
  }
}
