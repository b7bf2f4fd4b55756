/** The certificates and the key for the connections to the gateway and the appliances, read from the files that the settings name. */
import { createSecureContext } from 'node:tls';
import { checkOwnCertificate } from '#libs/certificates';
import type { Dated } from '#libs/certificates';
import { SettingsError } from '#libs/settings';
import { readAuthorities, readPem } from '../pem-files.js';
import type { CollectorSettings } from '../settings.js';

/** What tls.connect takes; PEM. */
export interface TlsCredentials {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface Credentials {
  readonly tls: TlsCredentials;
  /** When each of them expires, with that of the appliances' CA. */
  readonly dates: readonly Dated[];
}

/**
 * Reads and checks the files: that each can be what it is for at `now` (Unix ms).
 *
 * @throws {SettingsError} when the gateway, or the collector itself, would refuse what is in a file.
 */
export function readCredentials(settings: Readonly<CollectorSettings>, now: number): Credentials {
  const ca = authorities('push_ca', 'QRNG_PUSH_CA_FILE', settings, now);
  const applianceCa = authorities('appliance_ca', 'QRNG_APPLIANCE_CA_FILE', settings, now);
  const own = ownCertificate(settings, now);
  const tls = { ...(ca === undefined ? {} : { ca: ca.pem }), ...own?.pair };
  try {
    createSecureContext(tls);
  } catch {
    throw new SettingsError([
      'QRNG_PUSH_CERT_FILE and QRNG_PUSH_KEY_FILE must be files that OpenSSL accepts',
    ]);
  }
  const dates = [own?.date, ca?.date, applianceCa?.date].filter((date) => date !== undefined);
  return { tls, dates };
}

function authorities(
  what: string,
  variable: 'QRNG_PUSH_CA_FILE' | 'QRNG_APPLIANCE_CA_FILE',
  settings: Readonly<CollectorSettings>,
  now: number,
): { pem: string; date: Dated } | undefined {
  const path = settings[variable];
  if (path === undefined) return undefined;
  const { pem, expiresAt } = readAuthorities(variable, path, now);
  return { pem, date: { what, variable, expiresAt } };
}

function ownCertificate(
  settings: Readonly<CollectorSettings>,
  now: number,
): { pair: { cert: string; key: string }; date: Dated } | undefined {
  const { QRNG_PUSH_CERT_FILE: certPath, QRNG_PUSH_KEY_FILE: keyPath } = settings;
  if (certPath === undefined || keyPath === undefined) return undefined; // the settings have both or none
  const variables = { cert: 'QRNG_PUSH_CERT_FILE', key: 'QRNG_PUSH_KEY_FILE' } as const;
  const pair = { cert: readPem(variables.cert, certPath), key: readPem(variables.key, keyPath) };
  const expiresAt = checkOwnCertificate({ variables, ...pair, purpose: 'client' }, now);
  return { pair, date: { what: 'push_cert', variable: variables.cert, expiresAt } };
}
