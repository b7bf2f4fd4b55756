/** Certificates, CA certificates and revocation lists: the app would start with them, and they are valid and strong for a while. */
import { X509Certificate } from 'node:crypto';
import { daysUntil, outlook, WARN_DAYS } from '#libs/certificates';
import type { Dated } from '#libs/certificates';
import { problemsOf, SettingsError } from '#libs/settings';
import { readCredentials } from '../../apps/collector/src/push/credentials.js';
import type { CollectorSettings } from '../../apps/collector/src/settings.js';
import type { GatewaySettings } from '../../apps/gateway/src/settings.js';
import { readClientAuthorities, readServerCertificate } from '../../apps/gateway/src/tls/tls-options.js';
import { check } from './finding.js';
import type { Finding } from './finding.js';

const MIN_RSA_BITS = 2048;

const tls = check('TLS 1.3');
const dates = check('Certificates');

/** What the gateway itself refuses at its start, and else how long and how strong its certificates are. */
export function certificates(settings: Readonly<GatewaySettings>, now: number): Finding[] {
  return [
    ...orProblems(() => serverCertificate(settings, now)),
    ...orProblems(() => clientAuthorities(settings, now)),
  ];
}

/** The same of the collector: its certificate, and the CAs of the gateway and of appliances. */
export function credentials(settings: Readonly<CollectorSettings>, now: number): Finding[] {
  // What is refused is a problem of the settings, which the caller reports.
  if (problemsOf(() => readCredentials(settings, now)).length > 0) return [];
  return validities(readCredentials(settings, now).dates, now);
}

function serverCertificate(settings: Readonly<GatewaySettings>, now: number): Finding[] {
  const { cert, expiresAt } = readServerCertificate(settings, now);
  const certificate = new X509Certificate(cert);
  return [
    tls.pass('certificate and key belong together; the gateway speaks no other version'),
    ...validities([{ what: 'server', variable: 'QRNG_TLS_CERT_FILE', expiresAt }], now),
    tls.pass(`the certificate is for ${certificate.subjectAltName ?? 'nobody'}`),
    strength(certificate),
  ];
}

function clientAuthorities(settings: Readonly<GatewaySettings>, now: number): Finding[] {
  const authorities = readClientAuthorities(settings, now);
  if (authorities === undefined) {
    return settings.QRNG_INGEST === 'off'
      ? []
      : [tls.warn('/push demands no client certificate: set QRNG_TLS_CLIENT_CA_FILE')];
  }
  const variable = 'QRNG_TLS_CLIENT_CA_FILE';
  const { faults, expiresAt, listsExpireAt } = authorities.at(now);
  return [
    tls.pass('/push demands a client certificate'),
    ...faults.map((fault) => dates.fail(`${variable}: ${fault}; its collectors are refused`)),
    ...validities([{ what: 'CA certificates', variable, expiresAt }], now),
    listsExpireAt === undefined
      ? dates.pass(`${variable} has no revocation list: no certificate is looked up`)
      : validity({ what: 'revocation lists', variable, expiresAt: listsExpireAt }, now),
  ];
}

function validities(all: readonly Dated[], now: number): Finding[] {
  return all.map((one) => validity(one, now));
}

function validity(one: Dated, now: number): Finding {
  const { what, variable, expiresAt } = one;
  const of = what.includes(' ') ? `${what} in ${variable}` : `the certificate in ${variable}`;
  if (expiresAt === Infinity) return dates.pass(`${of}: without an end`);
  const days = daysUntil(expiresAt, now);
  return outlook([one], now).expiring.length > 0
    ? dates.warn(`${of}: ${days} days left, fewer than ${WARN_DAYS}: replace it (docs/operations.md)`)
    : dates.pass(`${of}: ${days} days left`);
}

function strength({ publicKey }: X509Certificate): Finding {
  const bits = publicKey.asymmetricKeyDetails?.modulusLength;
  if (publicKey.asymmetricKeyType !== 'rsa' || bits === undefined) {
    return tls.pass(
      `its key is ${publicKey.asymmetricKeyDetails?.namedCurve ?? publicKey.asymmetricKeyType ?? 'unknown'}`,
    );
  }
  return bits < MIN_RSA_BITS
    ? tls.fail(`its RSA key has ${bits} bits: make an ECDSA P-256 one`)
    : tls.warn(`its RSA key has ${bits} bits; ECDSA P-256 makes handshakes cheaper`);
}

function orProblems(find: () => Finding[]): Finding[] {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.problems.map(tls.fail);
  }
}
