/** The gateway's certificate: belongs to its key, is valid, long enough, strong enough. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { check } from './finding.js';
import type { Finding } from './finding.js';

const DAY_MS = 86_400_000;
const WARN_DAYS = 14;
const MIN_RSA_BITS = 2048;

const tls = check('TLS 1.3');

/** @param certificatePem the chain, the server's own certificate first. */
export function serverCertificate(certificatePem: string, keyPem: string, now: number): Finding[] {
  try {
    const certificate = new X509Certificate(certificatePem);
    return [pair(certificate, keyPem), validity(certificate, now), names(certificate), strength(certificate)];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [tls.fail(`the certificate or its key cannot be read (${reason}): both must be PEM`)];
  }
}

function pair(certificate: X509Certificate, keyPem: string): Finding {
  return certificate.checkPrivateKey(createPrivateKey(keyPem))
    ? tls.pass('certificate and key belong together; the gateway speaks no other version')
    : tls.fail('QRNG_TLS_KEY_FILE is not the key of QRNG_TLS_CERT_FILE: put the pair in place');
}

function validity(certificate: X509Certificate, now: number): Finding {
  const days = Math.floor((certificate.validToDate.getTime() - now) / DAY_MS);
  if (certificate.validFromDate.getTime() > now) {
    return tls.fail('the certificate is not valid yet: check the clock');
  }
  if (days < 0) return tls.fail('the certificate has expired: replace it (docs/operations.md)');
  return days < WARN_DAYS
    ? tls.warn(`the certificate expires in ${days} days: replace it (docs/operations.md)`)
    : tls.pass(`the certificate is valid for ${days} days`);
}

function names(certificate: X509Certificate): Finding {
  return certificate.subjectAltName === undefined
    ? tls.fail('the certificate has no subjectAltName: clients will refuse it')
    : tls.pass(`the certificate is for ${certificate.subjectAltName}`);
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
