/** A certificate that this side shows, with its chain and its key: whether the other side could accept it. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { SettingsError } from '#libs/settings';
import { pemBlocks } from './pem.js';

/** What the certificate is for: the name of the extended key usage, and its identifier (RFC 5280, 4.2.1.12). */
const PURPOSES = {
  server: { usage: 'serverAuth', id: '1.3.6.1.5.5.7.3.1' },
  client: { usage: 'clientAuth', id: '1.3.6.1.5.5.7.3.2' },
} as const;

export interface OwnCertificate {
  /** The settings that name the files, for errors. */
  readonly variables: { readonly cert: string; readonly key: string };
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  readonly purpose: keyof typeof PURPOSES;
}

/**
 * Checks that certificate, chain and key belong together, are for this purpose, and are valid at `now` (Unix ms).
 *
 * @returns when the first certificate of the chain expires, Unix ms.
 * @throws {SettingsError} naming the variable and what is wrong.
 */
export function checkOwnCertificate(own: OwnCertificate, now: number): number {
  const { variables, purpose } = own;
  const fail = (variable: string, mustBe: string): never => {
    throw new SettingsError([`${variable} must be ${mustBe}`]);
  };
  const chain = decode(own.cert) ?? fail(variables.cert, 'a PEM file whose certificates can be decoded');
  const [leaf] = chain;
  if (leaf === undefined) return fail(variables.cert, 'a PEM file with a certificate');
  const key = privateKey(own.key) ?? fail(variables.key, 'a PEM file with an unencrypted private key');
  if (!leaf.checkPrivateKey(key)) {
    fail(variables.key, `the private key of the certificate in ${variables.cert}`);
  }
  const wrong = chainFault(chain) ?? purposeFault(leaf, purpose) ?? dateFault(chain, now);
  if (wrong !== undefined) fail(variables.cert, wrong);
  return expiryOf(chain);
}

function purposeFault(leaf: X509Certificate, purpose: keyof typeof PURPOSES): string | undefined {
  if (purpose === 'server' && leaf.subjectAltName === undefined) {
    return 'a certificate with a subject alternative name; clients look at no other';
  }
  const { usage, id } = PURPOSES[purpose];
  // Node calls the extended key usage so; a certificate without it is for every purpose. Its type forgets that.
  const usages = leaf.keyUsage as readonly string[] | undefined;
  if (usages === undefined || usages.includes(id)) return undefined;
  return `a certificate for a TLS ${purpose} (extended key usage ${usage})`;
}

function chainFault(chain: readonly X509Certificate[]): string | undefined {
  const broken = chain.some((one, index) => {
    const issuer = chain[index + 1];
    return issuer !== undefined && !(one.checkIssued(issuer) && one.verify(issuer.publicKey));
  });
  return broken ? 'a chain in which each certificate issued the one before' : undefined;
}

function dateFault(chain: readonly X509Certificate[], now: number): string | undefined {
  const ends = expiryOf(chain);
  const begins = Math.max(...chain.map(({ validFrom }) => Date.parse(validFrom)));
  if (now >= ends) return `a certificate that has not expired (${new Date(ends).toISOString()})`;
  if (now < begins) return `a certificate that is valid already (${new Date(begins).toISOString()})`;
  return undefined;
}

function expiryOf(chain: readonly X509Certificate[]): number {
  return Math.min(...chain.map(({ validTo }) => Date.parse(validTo)));
}

function decode(pem: string): X509Certificate[] | undefined {
  try {
    return pemBlocks(pem, 'CERTIFICATE').map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

function privateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined; // the reason may quote the key
  }
}
