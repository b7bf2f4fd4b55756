/**
 * Connects to an appliance and holds its certificate against what the operator trusts, before anything is sent.
 *
 *   CA file       chain, dates and name, with this CA alone
 *   pins          the certificate itself: its SHA-256 is one of these. A pin names one exact certificate, so neither
 *                 its issuer, its name nor its dates say more (appliances sign their own, often with odd ones)
 *   CA and pins   both
 *   neither       chain, dates and name, with the system's CAs
 */
import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp, isIP } from 'node:net';
import type { Socket, SocketConstructorOpts } from 'node:net';
import { constants } from 'node:os';
import { connect as connectTls, TLSSocket } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { connectionAdvice } from '#libs/certificates';
import { errorCode } from '#libs/files';
import { CaFile } from './ca-file.js';
import { isFingerprint } from './source-settings.js';
import { SourceError } from './source.js';

export interface Trust {
  /** PEM bundle; read again for each connection, so that it can be replaced while the collector runs. */
  readonly caFile?: string | undefined;
  /** SHA-256 of certificates in DER, as 64 hex digits with or without colons. */
  readonly fingerprints?: readonly string[] | undefined;
}

/** TLS 1.3, and of 1.2 only what has forward secrecy and authenticated encryption; OpenSSL would offer fifty suites. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE+AESGCM',
  'ECDHE+CHACHA20',
].join(':');

const PEER = { url: 'QRNG_APPLIANCE_URLS', ca: 'QRNG_APPLIANCE_CA_FILE' };

type OnRead = NonNullable<SocketConstructorOpts['onread']>;

export class TrustedConnector {
  /** For the Host header. */
  readonly host: string;
  /** When the certificate that was last shown expires, Unix ms; undefined without TLS, or where its dates are not checked. */
  certificateExpiresAt: number | undefined;
  readonly #caFile: CaFile | undefined;
  readonly #pins: ReadonlySet<string>;
  readonly #checksDates: boolean;

  /** @throws {RangeError} when a fingerprint is not one. */
  constructor(
    private readonly url: URL,
    { caFile, fingerprints = [] }: Trust,
  ) {
    this.host = url.host;
    this.#caFile = caFile === undefined ? undefined : new CaFile(caFile);
    this.#pins = new Set(fingerprints.map(normalized));
    // A pin alone names a certificate whatever its dates.
    this.#checksDates = caFile !== undefined || fingerprints.length === 0;
  }

  /**
   * Connects; what is read is given to `onread`.
   *
   * @param signal gives up.
   * @throws {SourceError} when there is no connection, or no trust in the other side; nothing was sent then.
   */
  async connect(onread: OnRead, signal: AbortSignal): Promise<Socket> {
    const secure = this.url.protocol === 'https:';
    const host = this.url.hostname.replace(/^\[|\]$/g, '');
    const to = { host, port: Number(this.url.port) || (secure ? 443 : 80), noDelay: true, onread };
    const socket = secure ? connectTls({ ...to, ...this.#tls(host) }) : connectTcp(to);
    const giveUp = (): void => void socket.destroy();
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await once(socket, secure ? 'secureConnect' : 'connect');
    } catch (error) {
      socket.destroy();
      throw connectError(error);
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
    const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
    if (secure) this.#checkPin(certificate, socket);
    if (this.#checksDates && certificate !== undefined) {
      this.certificateExpiresAt = Math.max(0, certificate.validToDate.getTime());
    }
    return socket;
  }

  #tls(host: string): ConnectionOptions {
    return {
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(this.#caFile === undefined ? {} : { ca: readOrRefuse(this.#caFile) }),
      // Said outright, so that NODE_TLS_REJECT_UNAUTHORIZED cannot turn it off. With pins alone the pin decides.
      rejectUnauthorized: this.#caFile !== undefined || this.#pins.size === 0,
      minVersion: 'TLSv1.2', // appliances are old
      ciphers: CIPHERS,
      ALPNProtocols: ['http/1.1'],
    };
  }

  #checkPin(certificate: X509Certificate | undefined, socket: Socket): void {
    const shown = certificate?.fingerprint256 ?? 'none';
    if (this.#pins.size === 0 || (certificate !== undefined && this.#pins.has(normalized(shown)))) return;
    socket.destroy();
    throw new SourceError(
      'tls',
      `the certificate (SHA-256 ${shown}) is not pinned in QRNG_APPLIANCE_FINGERPRINT`,
    );
  }
}

function readOrRefuse(caFile: CaFile): string {
  try {
    return caFile.read(Date.now());
  } catch {
    throw new SourceError('tls', 'the CA file cannot be read, or no certificate in it can be used');
  }
}

function normalized(fingerprint: string): string {
  if (!isFingerprint(fingerprint)) throw new RangeError('a fingerprint is a SHA-256 as 64 hex digits');
  return fingerprint.replaceAll(':', '').toLowerCase();
}

/** What failed before there was a connection. Errors of the system are the network's, the others TLS's. */
function connectError(error: unknown): SourceError {
  const code = errorCode(error);
  const hasSyscall = typeof error === 'object' && error !== null && 'syscall' in error;
  const network = code !== 'EPROTO' && (hasSyscall || code in constants.errno);
  const advice = connectionAdvice(code, PEER);
  const why = advice === undefined ? `(${code})` : `(${code}): ${advice}`;
  return network
    ? new SourceError('connection', `no connection ${why}`)
    : new SourceError('tls', `no trusted connection ${why}`);
}
