/**
 * The authorities (CA certificates and their revocation lists) that the other side's certificate is checked against, and
 * whether any certificate could pass: OpenSSL takes an expired authority, and a list that is missing or too old, and then
 * refuses everybody.
 *
 *   certificate -> valid now -> may issue -> has a current list (where the file has lists) -> up to a root
 */
import { X509Certificate } from 'node:crypto';
import { SettingsError } from '#libs/settings';
import { maySignLists } from './extensions.js';
import { pemBlocks } from './pem.js';
import { RevocationList } from './revocation-list.js';

/** What the authorities of a file are good for at a moment. Times are Unix ms. */
export interface Usability {
  /** Why a certificate of one of the authorities would be refused; one sentence without a full stop for each authority. */
  readonly faults: readonly string[];
  /** Whether there is an authority whose certificates pass. */
  readonly usable: boolean;
  /** When the first of the authorities that are valid expires; when all have, the last of them. */
  readonly expiresAt: number;
  /** When the first list of an authority expires; none where the file has no list. */
  readonly listsExpireAt: number | undefined;
}

interface Authority {
  readonly certificate: X509Certificate;
  readonly name: string;
  readonly begins: number;
  readonly ends: number;
  readonly isRoot: boolean;
  readonly lists: readonly RevocationList[];
}

export class Authorities {
  /** PEM, as `tls.createSecureContext` takes them. */
  readonly ca: readonly string[];
  readonly crl: readonly string[];
  readonly #authorities: readonly Authority[];
  readonly #issuers = new Map<Authority, readonly Authority[]>();

  /**
   * @param variable the setting that names the file, for errors.
   * @param lists whether revocation lists in the file are used.
   * @throws {SettingsError} when a block of the file cannot be decoded, or it has no certificate.
   */
  constructor(variable: string, pem: string, lists: 'with lists' | 'without lists') {
    this.ca = pemBlocks(pem, 'CERTIFICATE');
    this.crl = lists === 'with lists' ? pemBlocks(pem, 'X509 CRL') : [];
    const decoded = decode(variable, this.crl, (block) => new RevocationList(block));
    this.#authorities = decode(variable, this.ca, (block) => authorityOf(block, decoded));
    if (this.#authorities.length === 0) {
      throw new SettingsError([
        `${variable} must be a PEM file with at least one CA certificate, up to the root`,
      ]);
    }
    for (const one of this.#authorities) {
      const issuers = this.#authorities.filter((other) => other !== one && isIssuer(other, one));
      this.#issuers.set(one, issuers);
    }
  }

  /** What they are good for at `now` (Unix ms). */
  at(now: number): Usability {
    const found = this.#authorities.map((one) => this.#fault(one, now, []));
    const valid = this.#authorities.filter(({ ends }) => now < ends);
    const ends = (valid.length === 0 ? this.#authorities : valid).map((one) => one.ends);
    const ofLists = valid.filter(({ lists }) => lists.length > 0).map(({ lists }) => endOf(lists));
    return {
      faults: found.filter((fault) => fault !== undefined),
      usable: found.includes(undefined),
      expiresAt: valid.length === 0 ? Math.max(...ends) : Math.min(...ends),
      listsExpireAt: ofLists.length === 0 ? undefined : Math.min(...ofLists),
    };
  }

  /** Why a certificate issued by `one` would be refused. `path` leads to it, so that no ring is gone round forever. */
  #fault(one: Authority, now: number, path: readonly Authority[]): string | undefined {
    const own =
      dateFault(one, now) ?? roleFault(one) ?? (this.crl.length > 0 ? listFault(one, now) : undefined);
    if (own !== undefined || one.isRoot) return own;
    const issuers = (this.#issuers.get(one) ?? []).filter((issuer) => !path.includes(issuer));
    const above = issuers.map((issuer) => this.#fault(issuer, now, [...path, one]));
    if (above.includes(undefined)) return undefined;
    return above[0] ?? `the CA certificate of "${one.name}" is there without its issuer, up to the root`;
  }
}

function authorityOf(block: string, lists: readonly RevocationList[]): Authority {
  const certificate = new X509Certificate(block);
  return {
    certificate,
    name: certificate.subject.replaceAll('\n', ', '),
    begins: Date.parse(certificate.validFrom),
    ends: Date.parse(certificate.validTo),
    isRoot: certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey),
    lists: lists.filter((list) => list.isOf(certificate)),
  };
}

function isIssuer(issuer: Authority, subject: Authority): boolean {
  return (
    subject.certificate.checkIssued(issuer.certificate) &&
    subject.certificate.verify(issuer.certificate.publicKey)
  );
}

function dateFault({ name, begins, ends }: Authority, now: number): string | undefined {
  if (now >= ends) return `the CA certificate of "${name}" expired on ${day(ends)}`;
  if (now < begins) return `the CA certificate of "${name}" is not valid before ${day(begins)}`;
  return undefined;
}

/** A root need not be an authority: a certificate that vouches for itself is trusted as it is. */
function roleFault({ certificate, name, isRoot }: Authority): string | undefined {
  return certificate.ca || isRoot ? undefined : `the certificate of "${name}" is not that of a CA`;
}

/** Once a file has a list, OpenSSL wants one of every authority up to the root. */
function listFault({ certificate, name, lists }: Authority, now: number): string | undefined {
  if (lists.length === 0) return `the file has revocation lists, but none of "${name}"`;
  if (!maySignLists(certificate)) {
    return `the CA certificate of "${name}" does not allow it to sign revocation lists`;
  }
  if (lists.some(({ begins, ends }) => begins <= now && now < ends)) return undefined;
  const ends = endOf(lists);
  return now >= ends
    ? `the revocation list of "${name}" expired on ${day(ends)}`
    : `the revocation list of "${name}" is not valid yet`;
}

function endOf(lists: readonly RevocationList[]): number {
  return Math.max(...lists.map(({ ends }) => ends));
}

function decode<T>(variable: string, blocks: readonly string[], one: (block: string) => T): T[] {
  try {
    return blocks.map(one);
  } catch {
    throw new SettingsError([`${variable} must be a PEM file whose certificates and lists can be decoded`]);
  }
}

function day(at: number): string {
  return new Date(at).toISOString();
}
