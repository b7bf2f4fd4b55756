/**
 * Who this collector is towards the gateway: its id, the number of this run, the key that seals its packets, and its TLS
 * certificate. Key and certificates can be replaced while it runs.
 */
import { createPrivateKey } from 'node:crypto';
import type { Dated } from '#libs/certificates';
import { MacKey } from '#libs/crypto';
import { verifierKey } from '#libs/tlog';
import type { NoteKey } from '#libs/tlog';
import type { CollectorSettings } from '../settings.js';
import { readCredentials } from './credentials.js';
import type { TlsCredentials } from './credentials.js';
import { LineageSigner } from './lineage-signer.js';

export class Identity {
  readonly collector: string;
  /** Called when the key or the certificates were replaced by others. */
  onReplaced: () => void = () => undefined;
  /** Signs which packets were sent; undefined without QRNG_SIGNING_KEY. */
  readonly signer: LineageSigner | undefined;
  #key: MacKey;
  #tls: TlsCredentials;
  #dates: readonly Dated[];

  /**
   * @param boot the number of the first run of this process, from `nextBoot`.
   * @throws {SettingsError} when a file does not contain what it should.
   */
  constructor(
    settings: Readonly<CollectorSettings>,
    readonly boot: bigint,
    now = Date.now(),
  ) {
    this.collector = settings.QRNG_COLLECTOR_ID;
    this.#key = MacKey.fromHex(settings.QRNG_HMAC_SECRET_KEY);
    const { tls, dates } = readCredentials(settings, now);
    this.#tls = tls;
    this.#dates = dates;
    const signingKey = signingKeyOf(settings);
    this.signer = signingKey && new LineageSigner(signingKey);
  }

  get key(): MacKey {
    return this.#key;
  }

  /** The public half of the key that signs which packets were sent, as verifiers pin it. */
  get publicKey(): string | undefined {
    return this.signer && verifierKey(this.signer.key);
  }

  /** When the certificates and CAs in use expire. */
  get dates(): readonly Dated[] {
    return this.#dates;
  }

  /** The same object until the files change. */
  get tls(): TlsCredentials {
    return this.#tls;
  }

  /** When the client certificate expires, Unix ms; undefined where there is none. */
  get certificateExpiresAt(): number | undefined {
    return this.#dates.find(({ what }) => what === 'push_cert')?.expiresAt;
  }

  /**
   * Takes over the key and the certificates that the settings and their files say now, all of them or none.
   *
   * @returns whether anything changed.
   * @throws {SettingsError} when a file cannot be what it is for at `now` (Unix ms); the old ones stay.
   */
  replace(settings: Readonly<CollectorSettings>, now = Date.now()): boolean {
    const { tls, dates } = readCredentials(settings, now);
    const key = MacKey.fromHex(settings.QRNG_HMAC_SECRET_KEY);
    const sameKey = key.id === this.#key.id;
    const sameTls = JSON.stringify(tls) === JSON.stringify(this.#tls);
    const before = this.publicKey;
    const signingKey = signingKeyOf(settings);
    if (signingKey !== undefined) this.signer?.replaceKey(signingKey);
    if (!sameKey) this.#key = key;
    if (!sameTls) this.#tls = tls;
    this.#dates = dates;
    if (!sameKey || !sameTls) this.onReplaced();
    return !sameKey || !sameTls || before !== this.publicKey;
  }
}

function signingKeyOf(settings: Readonly<CollectorSettings>): NoteKey | undefined {
  const { QRNG_SIGNING_KEY: pem, QRNG_COLLECTOR_ID: name } = settings;
  return pem === undefined ? undefined : { name, key: createPrivateKey(pem) };
}
