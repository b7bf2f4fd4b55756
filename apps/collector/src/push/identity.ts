/**
 * Who this collector is towards the gateway: its id, the number of this run, the key that seals its packets, and its TLS
 * certificate. Key and certificates can be replaced while it runs.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { MacKey } from '#libs/crypto';
import { SettingsError } from '#libs/settings';
import { verifierKey } from '#libs/tlog';
import type { NoteKey } from '#libs/tlog';
import { readCertificates, readPem } from '../pem-files.js';
import type { CollectorSettings } from '../settings.js';
import { LineageSigner } from './lineage-signer.js';

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
  /** Signs which packets were sent; undefined without QRNG_SIGNING_KEY. */
  readonly signer: LineageSigner | undefined;
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

  /** The same object until the files change. */
  get tls(): TlsCredentials {
    return this.#tls;
  }

  /** When the client certificate expires, Unix ms; undefined where there is none. */
  get certificateExpiresAt(): number | undefined {
    const { cert } = this.#tls;
    return cert === undefined ? undefined : Math.max(0, new X509Certificate(cert).validToDate.getTime());
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
    const before = this.publicKey;
    const signingKey = signingKeyOf(settings);
    if (signingKey !== undefined) this.signer?.replaceKey(signingKey);
    if (!sameKey) this.#key = key;
    if (!sameTls) this.#tls = tls;
    if (!sameKey || !sameTls) this.onReplaced();
    return !sameKey || !sameTls || before !== this.publicKey;
  }
}

function signingKeyOf(settings: Readonly<CollectorSettings>): NoteKey | undefined {
  const { QRNG_SIGNING_KEY: pem, QRNG_COLLECTOR_ID: name } = settings;
  return pem === undefined ? undefined : { name, key: createPrivateKey(pem) };
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
