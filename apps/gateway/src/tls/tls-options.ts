/** The TLS side of the server: TLS 1.3 only, at the start and at every reload; invalid files are refused. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { SecureContextOptions } from 'node:tls';
import { errorCode } from '#libs/files';
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
  ecdhCurve: 'X25519MLKEM768:X25519:P-256',
} as const satisfies SecureContextOptions;

/** A checked context, and when the certificate in it expires (Unix ms). */
export interface TlsContext {
  readonly options: SecureContextOptions;
  readonly expiresAt: number;
}

/** The files that a context is made of. */
export function tlsFiles(settings: Readonly<GatewaySettings>): string[] {
  const { QRNG_TLS_CERT_FILE, QRNG_TLS_KEY_FILE, QRNG_TLS_CLIENT_CA_FILE } = settings;
  return [QRNG_TLS_CERT_FILE, QRNG_TLS_KEY_FILE, QRNG_TLS_CLIENT_CA_FILE].filter(
    (path) => path !== undefined,
  );
}

/**
 * Reads certificate, key and client CA, and checks that they belong together and hold at `now` (Unix ms).
 *
 * @throws {SettingsError} naming the file's variable and what is wrong with it.
 */
export function readTlsContext(settings: Readonly<GatewaySettings>, now: number): TlsContext {
  const cert = read('QRNG_TLS_CERT_FILE', settings.QRNG_TLS_CERT_FILE);
  const key = read('QRNG_TLS_KEY_FILE', settings.QRNG_TLS_KEY_FILE);
  const expiresAt = checkChain(cert, key, now);
  const { QRNG_TLS_CLIENT_CA_FILE: caFile } = settings;
  const client = caFile === undefined ? {} : clientTrust(read('QRNG_TLS_CLIENT_CA_FILE', caFile));
  checkWithOpenSsl('QRNG_TLS_CERT_FILE', { ...PROTOCOL, cert, key });
  checkWithOpenSsl('QRNG_TLS_CLIENT_CA_FILE', { ...PROTOCOL, ...client });
  return { options: { ...PROTOCOL, cert, key, ...client }, expiresAt };
}

/** What only OpenSSL sees, such as a damaged CRL or a key too short for it, before anything in use is touched. */
function checkWithOpenSsl(variable: string, options: SecureContextOptions): void {
  try {
    createSecureContext(options);
  } catch (error) {
    throw problem(variable, `a file that OpenSSL accepts (${errorCode(error)})`);
  }
}

function checkChain(cert: string, key: string, now: number): number {
  const [leaf, ...issuers] = certificates('QRNG_TLS_CERT_FILE', cert);
  if (leaf === undefined) throw problem('QRNG_TLS_CERT_FILE', 'a PEM file with a certificate');
  if (!leaf.checkPrivateKey(privateKey(key))) {
    throw problem('QRNG_TLS_KEY_FILE', 'the private key of the certificate in QRNG_TLS_CERT_FILE');
  }
  if (leaf.subjectAltName === undefined) {
    throw problem(
      'QRNG_TLS_CERT_FILE',
      'a certificate with a subject alternative name; clients look at no other',
    );
  }
  let subject = leaf;
  for (const issuer of issuers) {
    if (!subject.checkIssued(issuer)) {
      throw problem('QRNG_TLS_CERT_FILE', 'a chain in which each certificate issued the one before');
    }
    subject = issuer;
  }
  const expiresAt = Math.min(...[leaf, ...issuers].map(({ validTo }) => Date.parse(validTo)));
  const begins = Math.max(...[leaf, ...issuers].map(({ validFrom }) => Date.parse(validFrom)));
  if (now >= expiresAt) {
    throw problem(
      'QRNG_TLS_CERT_FILE',
      `a certificate that has not expired (${new Date(expiresAt).toISOString()})`,
    );
  }
  if (now < begins) {
    throw problem(
      'QRNG_TLS_CERT_FILE',
      `a certificate that is valid already (${new Date(begins).toISOString()})`,
    );
  }
  return expiresAt;
}

/** The CA file may hold CRLs of the same authorities as well: then a revoked client certificate is refused. */
function clientTrust(pem: string): SecureContextOptions {
  // OpenSSL requires the chain up to a root: with an intermediate CA alone it would trust nobody. Node's allowPartialTrustChain
  // does not get from a server to its context.
  if (!certificates('QRNG_TLS_CLIENT_CA_FILE', pem).some((one) => one.checkIssued(one))) {
    throw problem('QRNG_TLS_CLIENT_CA_FILE', 'a PEM file with at least one CA certificate, up to the root');
  }
  const crl = blocks(pem, 'X509 CRL');
  return { ca: blocks(pem, 'CERTIFICATE'), ...(crl.length === 0 ? {} : { crl }) };
}

function certificates(variable: string, pem: string): X509Certificate[] {
  try {
    return blocks(pem, 'CERTIFICATE').map((block) => new X509Certificate(block));
  } catch {
    throw problem(variable, 'a PEM file whose certificates can be decoded');
  }
}

function privateKey(pem: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(pem);
  } catch {
    throw problem('QRNG_TLS_KEY_FILE', 'a PEM file with an unencrypted private key'); // the reason may quote the key
  }
}

function blocks(pem: string, label: string): string[] {
  return pem.match(new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----`, 'g')) ?? [];
}

function read(variable: string, path: string | undefined): string {
  try {
    return readFileSync(path ?? '', 'utf8');
  } catch (error) {
    throw problem(variable, `the path of a readable file (${errorCode(error)})`);
  }
}

function problem(variable: string, mustBe: string): SettingsError {
  return new SettingsError([`${variable} must be ${mustBe}`]);
}
