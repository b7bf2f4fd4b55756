/**
 * Who this collector is towards the gateway: its id, the number of this run, the key that seals its packets, and its TLS
 * certificate. Key and certificates can be replaced while it runs.
 */
import { createSecureContext } from 'node:tls';
import { MacKey } from '#libs/crypto';
import { SettingsError } from '#libs/settings';
import { readCertificates, readPem } from '../pem-files.js';
import type { CollectorSettings } from '../settings.js';

/** What tls.connect takes; PEM. */
export interface TlsCredentials {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export class Identity {
  readonly collector: string;
  /** Called when the key or the certificates were replaced by others. */
  onReplaced: () => void = () => undefined;
  #key: MacKey;
  #tls: TlsCredentials;

  /**
   * @param boot the number of the first run of this process, from `nextBoot`.
   * @throws {SettingsError} when a file does not contain what it should.
   */
  constructor(
    settings: Readonly<CollectorSettings>,
    readonly boot: bigint,
  ) {
    this.collector = settings.QRNG_COLLECTOR_ID;
    this.#key = MacKey.fromHex(settings.QRNG_HMAC_SECRET_KEY);
    this.#tls = readTls(settings);
  }

  get key(): MacKey {
    return this.#key;
  }

  /** The same object until the files change. */
  get tls(): TlsCredentials {
    return this.#tls;
  }

  /**
   * Takes over the key and the certificates that the settings and their files say now, all of them or none.
   *
   * @returns whether anything changed.
   * @throws {SettingsError} when a file does not contain what it should; the old ones stay.
   */
  replace(settings: Readonly<CollectorSettings>): boolean {
    const tls = readTls(settings);
    const key = MacKey.fromHex(settings.QRNG_HMAC_SECRET_KEY);
    const sameKey = key.id === this.#key.id;
    const sameTls = JSON.stringify(tls) === JSON.stringify(this.#tls);
    if (!sameKey) this.#key = key;
    if (!sameTls) this.#tls = tls;
    if (!sameKey || !sameTls) this.onReplaced();
    return !sameKey || !sameTls;
  }
}

/**
 * Reads the certificates and the key for the connection to the gateway.
 *
 * @throws {SettingsError} when a file is invalid.
 */
export function readTls(settings: Readonly<CollectorSettings>): TlsCredentials {
  const { QRNG_PUSH_CA_FILE: ca, QRNG_PUSH_CERT_FILE: cert, QRNG_PUSH_KEY_FILE: key } = settings;
  const tls = {
    ...(ca === undefined ? {} : { ca: readCertificates('QRNG_PUSH_CA_FILE', ca) }),
    ...(cert === undefined ? {} : { cert: readCertificates('QRNG_PUSH_CERT_FILE', cert) }),
    ...(key === undefined ? {} : { key: readPem('QRNG_PUSH_KEY_FILE', key) }),
  };
  try {
    createSecureContext(tls);
  } catch {
    throw new SettingsError(['QRNG_PUSH_KEY_FILE must be the PEM private key of QRNG_PUSH_CERT_FILE']);
  }
  return tls;
}
