/**
 * A small certificate authority (ECDSA P-256): that of an installation (`npm run setup`), and throw-away ones for the demo
 * and the tests. Nothing in apps/ or libs/ may import it, specs aside: neither machine holds an authority's key.
 */
import { createPrivateKey, webcrypto, X509Certificate as NodeCertificate } from 'node:crypto';
import { isIP } from 'node:net';
import 'reflect-metadata'; // @peculiar/x509 needs it first
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  X509CrlGenerator,
} from '@peculiar/x509';
import type { Extension } from '@peculiar/x509';

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

/** From when until when something is valid; an hour ago (clocks differ) and some days ahead where it is not said. */
export interface Validity {
  notBefore?: Date;
  notAfter?: Date;
}

export interface CertificateRequest extends Validity {
  commonName: string;
  /** DNS names and IP addresses that the certificate is valid for. */
  hosts?: readonly string[];
  /** For a TLS client instead of a server. */
  client?: boolean;
  /** Valid from an hour ago (clocks differ) for this many days; 7 by default. */
  days?: number;
  /** Hexadecimal; random by default. */
  serial?: string;
}

export interface IssuedCertificate {
  certificatePem: string;
  /** PKCS #8. */
  keyPem: string;
  /** SHA-256 of the certificate, as `AB:CD:...`. */
  fingerprint256: string;
  /** Hexadecimal, as `revocationList` takes it. */
  serial: string;
}

export interface Authority {
  certificatePem: string;
  /** PKCS #8. */
  keyPem: string;
  issue: (request: CertificateRequest) => Promise<IssuedCertificate>;
  /** An authority under this one. */
  issueAuthority: (name: string) => Promise<Authority>;
  /** A list (PEM) that revokes these serial numbers; valid for a day unless it is said. */
  revocationList: (serials: readonly string[], valid?: Validity) => Promise<string>;
}

/**
 * A new certificate authority of this common name; valid for ten years unless it is said.
 *
 * @param valid `above`: it may issue other authorities, too.
 */
export async function createAuthority(
  name: string,
  valid: Validity & { above?: true } = {},
): Promise<Authority> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }],
    keys,
    ...validity({ days: 3650, ...valid }),
    signingAlgorithm: SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(true, valid.above === true ? undefined : 0, true),
      ...(await authorityExtensions(keys.publicKey)),
    ],
  });
  return authority(certificate, keys.privateKey, await exportKey(keys.privateKey));
}

/**
 * The authority of this certificate and private key (PEM, PKCS #8, ECDSA P-256).
 *
 * @throws when either cannot be read, or they do not belong together.
 */
export async function openAuthority(certificatePem: string, keyPem: string): Promise<Authority> {
  const pkcs8 = createPrivateKey(keyPem);
  if (!new NodeCertificate(certificatePem).checkPrivateKey(pkcs8)) {
    throw new Error('the private key is not that of the certificate');
  }
  const der = pkcs8.export({ type: 'pkcs8', format: 'der' });
  const key = await webcrypto.subtle.importKey('pkcs8', der, KEY_ALGORITHM, false, ['sign']);
  return authority(new X509Certificate(certificatePem), key, keyPem);
}

function authority(certificate: X509Certificate, signingKey: webcrypto.CryptoKey, keyPem: string): Authority {
  const publicKey = certificate.publicKey;
  const issuer = certificate.subject;
  return {
    certificatePem: pem(certificate.toString('pem')),
    keyPem,
    async issue(request) {
      const leaf = await generateKeys();
      const issued = await X509CertificateGenerator.create({
        subject: [{ CN: [request.commonName] }],
        issuer,
        publicKey: leaf.publicKey,
        signingKey,
        signingAlgorithm: SIGNATURE,
        ...validity(request),
        ...(request.serial === undefined ? {} : { serialNumber: request.serial }),
        extensions: [
          ...leafExtensions(request),
          await SubjectKeyIdentifierExtension.create(leaf.publicKey),
          await AuthorityKeyIdentifierExtension.create(publicKey),
        ],
      });
      return withKey(pem(issued.toString('pem')), leaf.privateKey);
    },
    async issueAuthority(name) {
      const keys = await generateKeys();
      const issued = await X509CertificateGenerator.create({
        subject: [{ CN: [name] }],
        issuer,
        publicKey: keys.publicKey,
        signingKey,
        signingAlgorithm: SIGNATURE,
        ...validity({ days: 3650 }),
        extensions: [
          new BasicConstraintsExtension(true, 0, true),
          ...(await authorityExtensions(keys.publicKey)),
          await AuthorityKeyIdentifierExtension.create(publicKey),
        ],
      });
      return authority(issued, keys.privateKey, await exportKey(keys.privateKey));
    },
    async revocationList(serials, valid = {}) {
      const list = await X509CrlGenerator.create({
        issuer,
        thisUpdate: valid.notBefore ?? new Date(Date.now() - DAY_MS / 24),
        nextUpdate: valid.notAfter ?? new Date(Date.now() + DAY_MS),
        signingAlgorithm: SIGNATURE,
        signingKey,
        entries: serials.map((serialNumber) => ({ serialNumber, revocationDate: new Date() })),
        extensions: [await AuthorityKeyIdentifierExtension.create(publicKey)],
      });
      return pem(list.toString('pem').replaceAll(' CRL-', ' X509 CRL-')); // the label that OpenSSL reads (RFC 7468, 6)
    },
  };
}

/** A server certificate that vouches for itself, as appliances ship them. */
export async function createSelfSigned(request: CertificateRequest): Promise<IssuedCertificate> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [request.commonName] }],
    keys,
    ...validity(request),
    ...(request.serial === undefined ? {} : { serialNumber: request.serial }),
    signingAlgorithm: SIGNATURE,
    extensions: leafExtensions(request),
  });
  return withKey(pem(certificate.toString('pem')), keys.privateKey);
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
}

function validity(request: Partial<CertificateRequest>): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: request.notBefore ?? new Date(Date.now() - DAY_MS / 24),
    notAfter: request.notAfter ?? new Date(Date.now() + (request.days ?? 7) * DAY_MS),
  };
}

function leafExtensions({ hosts = [], client = false }: CertificateRequest): Extension[] {
  const names = hosts.map((value) => ({
    type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const),
    value,
  }));
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([client ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth]),
    ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)]),
  ];
}

async function authorityExtensions(publicKey: webcrypto.CryptoKey): Promise<Extension[]> {
  return [
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    await SubjectKeyIdentifierExtension.create(publicKey),
  ];
}

async function withKey(certificatePem: string, key: webcrypto.CryptoKey): Promise<IssuedCertificate> {
  const { fingerprint256, serialNumber } = new NodeCertificate(certificatePem);
  return { certificatePem, keyPem: await exportKey(key), fingerprint256, serial: serialNumber };
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', key);
  const body = Buffer.from(pkcs8).toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`;
}

/** With a final newline, so that PEM files can be joined. */
function pem(text: string): string {
  return `${text.trimEnd()}\n`;
}
