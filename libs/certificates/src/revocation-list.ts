/** A certificate revocation list (RFC 5280, 5.1), as far as it decides whether it can be used at all. */
import { verify } from 'node:crypto';
import type { X509Certificate } from 'node:crypto';
import { derContent, derElements, derTime, TAG } from './der.js';
import { subjectOf } from './extensions.js';
import { pemBytes } from './pem.js';

/** The digests of the signature algorithms that Node verifies by a digest's name; the Edwards curves have none. */
const DIGESTS: Readonly<Record<string, string | null>> = {
  '2a864886f70d01010b': 'sha256', // RSA
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d040302': 'sha256', // ECDSA
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  '2b6570': null, // Ed25519
  '2b6571': null, // Ed448
};

export class RevocationList {
  /** Unix ms. A list without a next update is valid forever. */
  readonly begins: number;
  readonly ends: number;
  readonly #issuer: Buffer;
  readonly #signed: Buffer;
  readonly #algorithm: string;
  readonly #signature: Buffer;

  /** @throws {RangeError} when the PEM block is no revocation list. */
  constructor(pem: string) {
    const [list, algorithm, signature] = derElements(derContent(pemBytes(pem), TAG.sequence));
    if (list === undefined || algorithm === undefined || signature === undefined) {
      throw new RangeError('not a revocation list');
    }
    // [version], signature, issuer, thisUpdate, [nextUpdate], [revokedCertificates], ...
    const fields = derElements(list.content);
    const issuer = fields.findIndex(({ tag }) => tag === TAG.sequence) + 1;
    const [name, begins, ends] = fields.slice(issuer);
    if (name === undefined || begins === undefined) throw new RangeError('not a revocation list');
    this.begins = derTime(begins);
    const hasEnd = ends?.tag === TAG.utcTime || ends?.tag === TAG.generalizedTime;
    this.ends = hasEnd ? derTime(ends) : Infinity;
    this.#issuer = name.whole;
    this.#signed = list.whole;
    this.#algorithm = derContent(algorithm.content, TAG.oid).toString('hex');
    this.#signature = signature.content.subarray(1); // the first byte is the number of unused bits
  }

  /** Whether it is the list of this authority: its name, and its signature. */
  isOf(authority: X509Certificate): boolean {
    if (!this.#issuer.equals(subjectOf(authority))) return false;
    const digest = DIGESTS[this.#algorithm];
    if (digest === undefined) return true; // such as RSA-PSS: OpenSSL decides when it is used
    try {
      return verify(digest, this.#signed, authority.publicKey, this.#signature);
    } catch {
      return false; // an algorithm of another kind of key
    }
  }
}
