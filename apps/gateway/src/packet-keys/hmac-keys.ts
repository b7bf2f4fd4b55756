/** The HMAC keys that are valid now: those that all collectors share (current and previous), and those of single ones. */
import { Injectable } from '@nestjs/common';
import { Keyring } from '#libs/crypto';
import type { MacKey } from '#libs/crypto';
import { Clock } from '../clock.js';
import { FileWatcher } from '../reload/file-watcher.js';
import { SettingsSource } from '../settings-source.js';
import { HmacKeyReports } from './hmac-key-reports.js';
import { HMAC_KEY_SETTINGS, keysOf } from './read-hmac-keys.js';
import type { KeySet } from './read-hmac-keys.js';

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
    const settings = source.read(...HMAC_KEY_SETTINGS);
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
    const keys = keysOf(this.source.read(...HMAC_KEY_SETTINGS));
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
