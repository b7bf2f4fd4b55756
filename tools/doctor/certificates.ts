/** The gateway's certificates: the gateway would start with them, and they are valid and strong enough for a while. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SettingsError } from '#libs/settings';
import type { GatewaySettings } from '../../apps/gateway/src/settings.js';
import { readTlsContext } from '../../apps/gateway/src/tls/tls-options.js';
import { check } from './finding.js';
import type { Finding } from './finding.js';

const DAY_MS = 86_400_000;
const WARN_DAYS = 14;
const MIN_RSA_BITS = 2048;

const tls = check('TLS 1.3');

/** What the gateway itself refuses at its start, and else how long and how strong its certificate is. */
export function certificates(settings: Readonly<GatewaySettings>, now: number): Finding[] {
  try {
    const { expiresAt } = readTlsContext(settings, now);
    const certificate = new X509Certificate(readFileSync(settings.QRNG_TLS_CERT_FILE ?? ''));
    return [
      tls.pass('certificate and key belong together; the gateway speaks no other version'),
      validity(Math.floor((expiresAt - now) / DAY_MS)),
      tls.pass(`the certificate is for ${certificate.subjectAltName ?? 'nobody'}`),
      strength(certificate),
    ];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.problems.map(tls.fail);
  }
}

function validity(days: number): Finding {
  return days < WARN_DAYS
    ? tls.warn(`the certificate expires in ${days} days: replace it (docs/operations.md)`)
    : tls.pass(`the certificate is valid for ${days} days`);
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
