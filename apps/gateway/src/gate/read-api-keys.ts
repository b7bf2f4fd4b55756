/** Reads the API keys of `QRNG_API_KEY` and `QRNG_API_KEYS_FILE` into one table. */
import { hash } from 'node:crypto';
import { readFault, readSettingText } from '#libs/files';
import { SettingsError } from '#libs/settings';
import type { GatewaySettings } from '../settings.js';
import type { ApiKey } from '../clients/api-key.js';
import { splitApiKeyEntry } from '../clients/api-key-entry.js';
import { SCOPES } from '../clients/client.js';
import { parseInstant } from '../clients/instant.js';
import { KeyFileError } from '../clients/key-entries.js';
import { parseKeyFile } from '../clients/key-file.js';
import type { KeyFileEntry } from '../clients/key-file.js';

/** Keys by the SHA-256 digest of the key, 64 hex digits. */
export type ApiKeyTable = ReadonlyMap<string, ApiKey>;

type ApiKeySettings = Readonly<Pick<GatewaySettings, 'QRNG_API_KEY' | 'QRNG_API_KEYS_FILE'>>;

/**
 * All keys that the settings name, or none.
 *
 * @throws {KeyFileError} when the file cannot be read or is invalid, or when two keys or two names are the same.
 */
export function readApiKeys(settings: ApiKeySettings): ApiKeyTable {
  const keys = [...keysOfVariable(settings.QRNG_API_KEY ?? []), ...keysOfFile(settings.QRNG_API_KEYS_FILE)];
  const table = new Map(keys);
  if (table.size < keys.length) throw new KeyFileError('the same key is given twice');
  const names = new Set(keys.map(([, key]) => key.client.name));
  if (names.size < keys.length) throw new KeyFileError('the same name is given to two keys');
  return table;
}

/** As `readApiKeys`, with a fault said as a problem of the setting. @throws {SettingsError} */
export function readApiKeysOfSettings(settings: Readonly<GatewaySettings>): ApiKeyTable {
  try {
    return readApiKeys(settings);
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    const variable = settings.QRNG_API_KEYS_FILE === undefined ? 'QRNG_API_KEY' : 'QRNG_API_KEYS_FILE';
    throw new SettingsError([`${variable} must hold valid keys: ${error.message}`]);
  }
}

/** A key of the variable may do everything, and has no quota. */
function keysOfVariable(entries: readonly string[]): [string, ApiKey][] {
  return entries.map((entry, index) => {
    const { name = `client-${index + 1}`, key } = splitApiKeyEntry(entry);
    const client = { name, scopes: SCOPES, bytesPerDay: undefined, requestsPerMinute: undefined };
    return [hash('sha256', key), { client, disabled: false, notBefore: -Infinity, expires: Infinity }];
  });
}

function keysOfFile(path: string | undefined): [string, ApiKey][] {
  if (path === undefined) return [];
  return parseKeyFile(readText(path)).map((entry) => [entry.sha256, keyOf(entry)]);
}

function keyOf({ name, ...entry }: KeyFileEntry): ApiKey {
  return {
    client: {
      name,
      scopes: entry.scopes ?? ['random'],
      bytesPerDay: entry.bytesPerDay ?? undefined,
      requestsPerMinute: entry.requestsPerMinute ?? undefined,
    },
    disabled: entry.disabled ?? false,
    notBefore: parseInstant(entry.notBefore ?? '') ?? -Infinity,
    expires: parseInstant(entry.expires ?? '') ?? Infinity,
  };
}

function readText(path: string): string {
  try {
    return readSettingText(path);
  } catch (error) {
    throw new KeyFileError(`the file cannot be read (${readFault(error)})`);
  }
}
