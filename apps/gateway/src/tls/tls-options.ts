/** The TLS side of the server: TLS 1.3 only, at the start and at every reload; files that cannot work are refused. */
import { constants } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { SecureContextOptions } from 'node:tls';
import { Authorities, checkOwnCertificate } from '#libs/certificates';
import { errorCode, readFault, readSettingText } from '#libs/files';
import { SettingsError } from '#libs/settings';
import type { GatewaySettings } from '../settings.js';

/**
 * Given whenever a context is made: `setSecureContext` without them turns TLS 1.2 back on. The hybrid group is first, so
 * that what is recorded today is not read by a quantum computer later.
 */
const PROTOCOL = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256',
  ecdhCurve: 'X25519MLKEM768:X25519:P-256:P-384',
} as const satisfies SecureContextOptions;

/** The certificate that the gateway shows; PEM, and when it expires (Unix ms). */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
  readonly expiresAt: number;
}

/**
 * The file of the authorities that /push demands a client certificate of; nothing where none is demanded. A gateway that
 * takes no packets (QRNG_INGEST=off) has no use for it.
 */
export function clientCaFile(settings: Readonly<GatewaySettings>): string | undefined {
  return settings.QRNG_INGEST === 'on' ? settings.QRNG_TLS_CLIENT_CA_FILE : undefined;
}

/** Certificate and clients' authorities together, as a start takes them. @throws {SettingsError} */
export function readTlsContext(settings: Readonly<GatewaySettings>, now: number): SecureContextOptions {
  return contextOf(readServerCertificate(settings, now), readClientAuthorities(settings, now));
}

export function contextOf(
  { cert, key }: ServerCertificate,
  clients: Authorities | undefined,
): SecureContextOptions {
  return { ...PROTOCOL, cert, key, ...optionsOf(clients) };
}

/**
 * Reads certificate and key, and checks that they belong together, are for a server, and are valid at `now` (Unix ms).
 *
 * @throws {SettingsError} naming the file's variable and what is wrong with it.
 */
export function readServerCertificate(settings: Readonly<GatewaySettings>, now: number): ServerCertificate {
  const variables = { cert: 'QRNG_TLS_CERT_FILE', key: 'QRNG_TLS_KEY_FILE' } as const;
  const cert = read(variables.cert, settings.QRNG_TLS_CERT_FILE);
  const key = read(variables.key, settings.QRNG_TLS_KEY_FILE);
  const expiresAt = checkOwnCertificate({ variables, cert, key, purpose: 'server' }, now);
  checkWithOpenSsl(variables.cert, { ...PROTOCOL, cert, key });
  return { cert, key, expiresAt };
}

/**
 * Reads the authorities of clients, with revocation lists where the file has them: then a revoked certificate is refused.
 *
 * @throws {SettingsError} when no client certificate could pass at `now` (Unix ms). What keeps out a part of them alone is a
 *   fault to be reported (`Authorities.at`).
 */
export function readClientAuthorities(
  settings: Readonly<GatewaySettings>,
  now: number,
): Authorities | undefined {
  const file = clientCaFile(settings);
  if (file === undefined) return undefined;
  const variable = 'QRNG_TLS_CLIENT_CA_FILE';
  const authorities = new Authorities(variable, read(variable, file), 'with lists');
  const { usable, faults } = authorities.at(now);
  if (!usable) {
    throw problem(
      variable,
      `CA certificates up to a root, with current revocation lists where it has any: ${faults.join('; ')}`,
    );
  }
  checkWithOpenSsl(variable, { ...PROTOCOL, ...optionsOf(authorities) });
  return authorities;
}

function optionsOf(clients: Authorities | undefined): SecureContextOptions {
  if (clients === undefined) return {};
  const { ca, crl } = clients;
  // In a resumed session OpenSSL checks no certificate again, and nobody sees an authority that only the client sends along: it could
  // have expired since. Without tickets each connection is a whole handshake.
  const secureOptions = constants.SSL_OP_NO_TICKET;
  return { ca: [...ca], ...(crl.length === 0 ? {} : { crl: [...crl] }), secureOptions };
}

/** What only OpenSSL sees, such as a key too short for it, before anything in use is touched. */
function checkWithOpenSsl(variable: string, options: SecureContextOptions): void {
  try {
    createSecureContext(options);
  } catch (error) {
    throw problem(variable, `a file that OpenSSL accepts (${errorCode(error)})`);
  }
}

function read(variable: string, path: string | undefined): string {
  try {
    return readSettingText(path ?? '');
  } catch (error) {
    throw problem(variable, `the path of a readable file (${readFault(error)})`);
  }
}

function problem(variable: string, mustBe: string): SettingsError {
  return new SettingsError([`${variable} must be ${mustBe}`]);
}
