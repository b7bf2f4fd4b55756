/**
 * The API keys that are known now, read again when their files change:
 *
 *   changed file, SIGHUP -> read all -> valid? -> the new keys, at once
 *                                   \-> not: the old keys stay, all of them
 */
import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { FileWatcher } from '../reload/file-watcher.js';
import { SettingsSource } from '../settings-source.js';
import { GatewaySettings } from '../settings.js';
import { invalidity } from '../clients/api-key.js';
import type { ApiKey } from '../clients/api-key.js';
import type { Client } from '../clients/client.js';
import { KeyReports } from './key-reports.js';
import { readApiKeys, readApiKeysOfSettings } from './read-api-keys.js';
import type { ApiKeyTable } from './read-api-keys.js';

@Injectable()
export class ApiKeys {
  #table: ApiKeyTable = new Map();
  /** The digest of the key that a client came with, also of one that is no longer in the table. */
  readonly #digests = new WeakMap<Client, string>();

  /** @throws {SettingsError} when the keys are invalid. */
  constructor(
    settings: GatewaySettings,
    private readonly source: SettingsSource,
    watcher: FileWatcher,
    private readonly reports: KeyReports,
  ) {
    const { QRNG_API_KEYS_FILE: file } = settings;
    const files = [...source.secretFiles, ...(file === undefined ? [] : [file])];
    watcher.watch('api-keys', files, () => this.#reload());
    this.#use(readApiKeysOfSettings(settings));
    this.reports.read(this.#table);
  }

  /**
   * The key that `token` is.
   *
   * One look-up among any number of keys: a Map of digests. What a guess can vary is SHA-256 of the guess, so the time
   * that the Map takes could tell at most something of a stored digest, and a digest is worth nothing without the
   * preimage of 256 random bits. That is what comparing with each key in constant time would give, and no more.
   */
  find(token: string): ApiKey | undefined {
    return this.#table.get(hash('sha256', token));
  }

  /** Whether the key that a client came with is known and valid at `now` (Unix ms), and has every scope that it had then. */
  isValid(client: Client, now: number): boolean {
    const key = this.#table.get(this.#digests.get(client) ?? '');
    if (key === undefined || invalidity(key, now) !== undefined) return false;
    return client.scopes.every((scope) => key.client.scopes.includes(scope));
  }

  #use(table: ApiKeyTable): void {
    this.#table = table;
    for (const [digest, { client }] of table) this.#digests.set(client, digest);
  }

  #reload(): void {
    const table = readApiKeys(this.source.read('QRNG_API_KEY', 'QRNG_API_KEYS_FILE'));
    if (same(table, this.#table)) return;
    this.#use(table);
    this.reports.reloaded(table);
  }
}

function same(a: ApiKeyTable, b: ApiKeyTable): boolean {
  return JSON.stringify([...a]) === JSON.stringify([...b]);
}
