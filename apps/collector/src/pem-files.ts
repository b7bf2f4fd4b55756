/** Reads the certificates and keys whose files the settings name. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { errorCode } from '#libs/files';
import { SettingsError } from '#libs/settings';

/**
 * The text of a file of certificates; `name` is the variable that names it. OpenSSL takes a CA file without a certificate
 * for an empty list, and every handshake would fail later.
 *
 * @throws {SettingsError} when it cannot be read or contains no certificate.
 */
export function readCertificates(name: string, path: string): string {
  const pem = readPem(name, path);
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    if (blocks.map((block) => new X509Certificate(block)).length > 0) return pem;
  } catch {
    // said below: which block it was, `openssl x509` tells
  }
  throw new SettingsError([`${name} must be a file of PEM certificates`]);
}

/**
 * The text of a file, whatever it holds; `name` is the variable that names it.
 *
 * @throws {SettingsError} when it cannot be read.
 */
export function readPem(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SettingsError([`${name} must name a readable file (${errorCode(error)})`]);
  }
}
