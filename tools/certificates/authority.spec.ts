import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createAuthority, createSelfSigned } from './authority.js';

const directory = mkdtempSync(join(tmpdir(), 'authority-'));
afterAll(() => rmSync(directory, { recursive: true }));

function openssl(...args: string[]): string {
  return execFileSync('openssl', args, { cwd: directory, encoding: 'utf8', stdio: 'pipe' });
}

describe('createAuthority', () => {
  test('issues certificates for names and addresses that OpenSSL verifies', async () => {
    const authority = await createAuthority('throw-away');
    const issued = await authority.issue({ commonName: 'gateway', hosts: ['localhost', '127.0.0.1', '::1'] });
    writeFileSync(join(directory, 'ca.pem'), authority.certificatePem);
    writeFileSync(join(directory, 'leaf.pem'), issued.certificatePem);
    expect(
      openssl('verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', 'ca.pem', 'leaf.pem'),
    ).toContain('OK');

    const certificate = new X509Certificate(issued.certificatePem);
    expect(certificate.fingerprint256).toBe(issued.fingerprint256);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkIP('::1')).toBe('::1');
    expect(certificate.checkHost('example.org')).toBeUndefined();
  });

  test('revokes by serial number, and only what it was asked to', async () => {
    const authority = await createAuthority('throw-away');
    const revoked = await authority.issue({ commonName: 'lost', client: true });
    const good = await authority.issue({ commonName: 'kept', client: true, serial: '0102' });
    writeFileSync(join(directory, 'ca.pem'), authority.certificatePem);
    writeFileSync(join(directory, 'crl.pem'), await authority.revocationList([revoked.serial]));
    writeFileSync(join(directory, 'revoked.pem'), revoked.certificatePem);
    writeFileSync(join(directory, 'good.pem'), good.certificatePem);

    const verify = [
      'verify',
      '-crl_check',
      '-purpose',
      'sslclient',
      '-CAfile',
      'ca.pem',
      '-CRLfile',
      'crl.pem',
    ];
    expect(openssl(...verify, 'good.pem')).toContain('OK');
    expect(() => openssl(...verify, 'revoked.pem')).toThrow('certificate revoked');
    expect(good.serial).toBe('0102');
  });
});

describe('createSelfSigned', () => {
  test('makes a certificate whose issuer is itself', async () => {
    const { certificatePem } = await createSelfSigned({ commonName: 'appliance', hosts: ['localhost'] });
    const certificate = new X509Certificate(certificatePem);
    expect(certificate.issuer).toBe(certificate.subject);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
  });
});
