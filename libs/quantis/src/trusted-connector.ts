/**
 * Connects to an appliance and holds its certificate against what the operator trusts, before anything is sent.
 *
 *   CA file       chain, dates and name, with this CA alone
 *   pins          the certificate itself: its SHA-256 is one of these. A pin names one exact certificate, so neither
 *                 its issuer, its name nor its dates say more (appliances sign their own, often with odd ones)
 *   CA and pins   both
 *   neither       chain, dates and name, with the system's CAs
 */
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import { TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';
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

/**
 * An undici connector that calls back with a socket only once the trust holds.
 *
 * @param onConnected called with each socket before anything is read from it.
 * @throws {RangeError} when a fingerprint is not one.
 */
export function trustedConnector(
  trust: Trust,
  timeoutMs: number,
  onConnected: (socket: Socket) => void = () => undefined,
): buildConnector.connector {
  const caFile = trust.caFile === undefined ? undefined : new CaFile(trust.caFile);
  const pins = new Set((trust.fingerprints ?? []).map(normalized));
  return (options, callback) => {
    const connected: buildConnector.Callback = (error, socket) => {
      if (error !== null) {
        callback(connectError(error), null);
        return;
      }
      const refusal = options.protocol === 'https:' ? pinRefusal(socket, pins) : undefined;
      if (refusal === undefined) {
        onConnected(socket);
        callback(null, socket);
        return;
      }
      socket.destroy();
      callback(refusal, null);
    };
    try {
      connectorFor(caFile, timeoutMs, pins.size > 0)(options, connected);
    } catch {
      callback(
        new SourceError('tls', 'the CA file cannot be read, or no certificate in it can be used'),
        null,
      );
    }
  };
}

function connectorFor(
  caFile: CaFile | undefined,
  timeout: number,
  pinned: boolean,
): buildConnector.connector {
  return buildConnector({
    ...(caFile === undefined ? {} : { ca: caFile.read(Date.now()) }),
    // Said outright, so that NODE_TLS_REJECT_UNAUTHORIZED cannot turn it off. With pins alone the pin decides, below.
    rejectUnauthorized: caFile !== undefined || !pinned,
    minVersion: 'TLSv1.2', // appliances are old
    ciphers: CIPHERS,
    maxCachedSessions: 0, // a resumed session would show no certificate
    allowH2: false,
    timeout,
  });
}

/** Whether certificates under this trust have to be valid at the time: a pin alone names one whatever its dates. */
export function checksDates({ caFile, fingerprints = [] }: Trust): boolean {
  return caFile !== undefined || fingerprints.length === 0;
}

/** When the certificate that the other side of `socket` showed expires, Unix ms; undefined without TLS. */
export function expiryOf(socket: object): number | undefined {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  return certificate === undefined ? undefined : Math.max(0, certificate.validToDate.getTime());
}

function pinRefusal(socket: object, pins: ReadonlySet<string>): SourceError | undefined {
  if (pins.size === 0) return undefined;
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  const shown = certificate?.fingerprint256 ?? 'none';
  if (certificate !== undefined && pins.has(normalized(shown))) return undefined;
  return new SourceError(
    'tls',
    `the certificate (SHA-256 ${shown}) is not pinned in QRNG_APPLIANCE_FINGERPRINT`,
  );
}

function normalized(fingerprint: string): string {
  if (!isFingerprint(fingerprint)) throw new RangeError('a fingerprint is a SHA-256 as 64 hex digits');
  return fingerprint.replaceAll(':', '').toLowerCase();
}

/** What failed before there was a connection. Errors of the system are the network's, the others TLS's. */
function connectError(error: Error): SourceError {
  const code = errorCode(error);
  if (code === 'UND_ERR_CONNECT_TIMEOUT') {
    return new SourceError('timeout', 'no connection in time');
  }
  const network = code !== 'EPROTO' && ('syscall' in error || code in constants.errno);
  return network
    ? new SourceError('connection', `no connection (${code})`)
    : new SourceError('tls', `no trusted connection (${code})`);
}
