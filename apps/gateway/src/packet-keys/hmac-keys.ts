/** The HMAC keys that are valid now: those that all collectors share (current and previous), and those of single ones. */
import { readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { Keyring, MacKey } from '#libs/crypto';
import { errorCode } from '#libs/files';
import { SettingsError } from '#libs/settings';
import { KeyFileError } from '../clients/key-entries.js';
import { Clock } from '../clock.js';
import { FileWatcher } from '../reload/file-watcher.js';
import { SettingsSource } from '../settings-source.js';
import type { GatewaySettings } from '../settings.js';
import { parseCollectorKeys } from './collector-keys.js';
import type { CollectorKey } from './collector-keys.js';
import { HmacKeyReports } from './hmac-key-reports.js';

/** What the settings and the file that they name say, with keys that are not valid yet and not valid any more. */
interface KeySet {
  readonly shared: readonly MacKey[];
  readonly own: readonly CollectorKey[];
}

/** The settings that say which keys are valid. */
const NAMES = ['QRNG_HMAC_SECRET_KEY', 'QRNG_HMAC_SECRET_KEY_PREVIOUS', 'QRNG_COLLECTOR_KEYS_FILE'] as const;

@Injectable()
export class HmacKeys {
  #keys: KeySet;
  #ring: Keyring;
  /** While the clock is between these times the ring stays as it is, Unix ms. */
  #from = 0;
  #until = 0;

  /** @throws {SettingsError} when the file of the collectors' keys is invalid. */
  constructor(
    private readonly source: SettingsSource,
    private readonly reports: HmacKeyReports,
    private readonly clock: Clock,
    watcher: FileWatcher,
  ) {
    const settings = source.read(...NAMES);
    const file = settings.QRNG_COLLECTOR_KEYS_FILE;
    const files = [...source.secretFiles, ...(file === undefined ? [] : [file])];
    watcher.watch('hmac-keys', files, () => this.#reload());
    this.#keys = keysOf(settings);
    this.#ring = this.#ringAt(clock.now());
    reports.valid(this.#ring.ids());
  }

  /** The keys at this moment; do not keep it. */
  get ring(): Keyring {
    const now = this.clock.now();
    if (now < this.#from || now >= this.#until) {
      this.#ring = this.#ringAt(now);
      this.reports.valid(this.#ring.ids());
    }
    return this.#ring;
  }

  /** What distinguishes the deployments that share a Redis: a name of each key, which says nothing of the key. */
  fingerprints(): string[] {
    const keys = [...this.#keys.shared, ...this.#keys.own.map(({ key }) => key)];
    return [...new Set(keys.map((key) => key.fingerprint))];
  }

  /** The old keys stay, all of them, when what is there now is invalid. */
  #reload(): void {
    const keys = keysOf(this.source.read(...NAMES));
    if (fingerprint(keys) === fingerprint(this.#keys)) return;
    this.#keys = keys;
    this.#ring = this.#ringAt(this.clock.now());
    this.reports.reloaded(this.#ring.ids());
  }

  #ringAt(now: number): Keyring {
    const { shared, own } = this.#keys;
    const changes = own.flatMap(({ notBefore, expires }) => [notBefore, expires]);
    this.#from = Math.max(-Infinity, ...changes.filter((at) => at <= now));
    this.#until = Math.min(Infinity, ...changes.filter((at) => at > now));
    const byCollector = new Map<string, MacKey[]>();
    for (const { collector, key, notBefore, expires } of own) {
      const valid = byCollector.get(collector) ?? [];
      if (now >= notBefore && now < expires) valid.push(key);
      byCollector.set(collector, valid); // without a valid key, too: a shared one is then not taken either
    }
    return new Keyring(shared, byCollector);
  }
}

/**
 * Reads the keys that the settings and the file of the collectors' keys give.
 *
 * @throws {SettingsError} when that file is invalid.
 */
export function keysOf(settings: Readonly<Pick<GatewaySettings, (typeof NAMES)[number]>>): KeySet {
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
    return parseCollectorKeys(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof KeyFileError ? error.message : errorCode(error);
    throw new SettingsError([`QRNG_COLLECTOR_KEYS_FILE must be a file of collectors' keys: ${reason}`]);
  }
}

/** Whether anything changed, also a date. */
function fingerprint({ shared, own }: KeySet): string {
  const parts = own.map(({ collector, key, notBefore, expires }) => [
    collector,
    key.fingerprint,
    notBefore,
    expires,
  ]);
  return JSON.stringify([shared.map((key) => key.fingerprint), parts.map(String)]);
}
