import { beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority } from '../../../tools/certificates/authority.js';
import type { Authority, CertificateRequest } from '../../../tools/certificates/authority.js';
import { checkOwnCertificate } from './own-certificate.js';

const HOUR = 3_600_000;
const now = Date.now();
const variables = { cert: 'CERT', key: 'KEY' };
let authority: Authority;
beforeAll(async () => (authority = await createAuthority('authority')));

async function check(request: Partial<CertificateRequest>, purpose: 'server' | 'client'): Promise<number> {
  const hosts = purpose === 'server' ? ['localhost'] : [];
  const { certificatePem: cert, keyPem: key } = await authority.issue({
    commonName: 'own',
    hosts,
    ...request,
  });
  return checkOwnCertificate({ variables, cert, key, purpose }, now);
}

describe('a certificate of our own', () => {
  test('passes while it is valid and for this purpose; its end is that of the whole chain', async () => {
    const notAfter = new Date(Math.floor((now + HOUR) / 1000) * 1000);
    expect(await check({ notAfter }, 'server')).toBe(notAfter.getTime());
    expect(await check({ client: true, notAfter }, 'client')).toBe(notAfter.getTime());
  });

  test.each<[string, Partial<CertificateRequest>, 'server' | 'client', RegExp]>([
    [
      'has expired',
      { notBefore: new Date(now - 2 * HOUR), notAfter: new Date(now - HOUR) },
      'server',
      /not expired/,
    ],
    ['is not valid yet', { notBefore: new Date(now + HOUR) }, 'server', /valid already/],
    ['is for a client and shown by a server', { client: true }, 'server', /serverAuth/],
    ['is for a server and shown by a client', { hosts: ['localhost'] }, 'client', /clientAuth/],
    ['names no host', { hosts: [] }, 'server', /alternative name/],
    [
      'of a client has expired',
      { client: true, notBefore: new Date(now - 2 * HOUR), notAfter: new Date(now - HOUR) },
      'client',
      /not expired/,
    ],
  ])('that %s is refused', async (_, request, purpose, reason) => {
    await expect(check(request, purpose)).rejects.toThrow(reason);
    await expect(check(request, purpose)).rejects.toThrow(/^CERT must be /);
  });

  test('with the key of another, or a chain in the wrong order, is refused', async () => {
    const request = { commonName: 'own', hosts: ['localhost'] };
    const { certificatePem: cert, keyPem: key } = await authority.issue(request);
    const other = await authority.issue(request);
    const purpose = 'server' as const;
    const attempt = (files: { cert: string; key: string }) => () =>
      checkOwnCertificate({ variables, ...files, purpose }, now);
    expect(attempt({ cert, key: other.keyPem })).toThrow(/^KEY must be the private key/);
    expect(attempt({ cert, key: 'garbage' })).toThrow(/^KEY must be a PEM file/);
    expect(attempt({ cert: '', key })).toThrow(/^CERT must be a PEM file/);
    expect(attempt({ cert: cert + other.certificatePem, key })).toThrow(
      /each certificate issued the one before/,
    );
    expect(attempt({ cert: cert + authority.certificatePem, key })).not.toThrow();
  });
});
