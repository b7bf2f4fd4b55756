/** Reads the certificates and keys whose files the settings name. */
import { Authorities } from '#libs/certificates';
import { readFault, readSettingText } from '#libs/files';
import { SettingsError } from '#libs/settings';

/**
 * The text of a file of CA certificates, and when the first of those that are valid expires (Unix ms); `name` is the variable
 * that names it. OpenSSL takes a file without a certificate, or with expired ones, and every handshake would fail later.
 *
 * @throws {SettingsError} when it cannot be read, or no server's certificate could pass at `now` (Unix ms).
 */
export function readAuthorities(name: string, path: string, now: number): { pem: string; expiresAt: number } {
  const pem = readPem(name, path);
  const { usable, faults, expiresAt } = new Authorities(name, pem, 'without lists').at(now);
  if (usable) return { pem, expiresAt };
  throw new SettingsError([`${name} must be a file of CA certificates up to a root: ${faults.join('; ')}`]);
}

/**
 * The text of a file, whatever it holds; `name` is the variable that names it.
 *
 * @throws {SettingsError} when it cannot be read.
 */
export function readPem(name: string, path: string): string {
  try {
    return readSettingText(path);
  } catch (error) {
    throw new SettingsError([`${name} must name a readable file (${readFault(error)})`]);
  }
}
