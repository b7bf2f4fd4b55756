/** Authorities as the gateway judges them, and OpenSSL beside it: both must come to the same conclusion. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority, createSelfSigned } from '../../../tools/certificates/authority.js';
import type { Authority } from '../../../tools/certificates/authority.js';
import { Authorities } from './authorities.js';

const HOUR = 3_600_000;
const now = Date.now();
const past = { notBefore: new Date(now - 9 * HOUR), notAfter: new Date(now - HOUR) };
const future = { notBefore: new Date(now + HOUR), notAfter: new Date(now + 9 * HOUR) };
const folder = mkdtempSync(join(tmpdir(), 'authorities-'));
afterAll(() => rmSync(folder, { recursive: true }));

let root: Authority;
let between: Authority;
let other: Authority;
beforeAll(async () => {
  root = await createAuthority('root', { above: true });
  between = await root.issueAuthority('between');
  other = await createAuthority('other');
});

/** What the file is good for, and whether OpenSSL lets a client of `issuer` pass with it. */
async function judge(pem: string, issuer: Authority): Promise<{ faults: string[]; opensslAccepts: boolean }> {
  const { certificatePem } = await issuer.issue({ commonName: 'client', client: true });
  const file = join(folder, 'trusted.pem');
  const leaf = join(folder, 'leaf.pem');
  writeFileSync(file, pem);
  writeFileSync(leaf, certificatePem);
  const lists = pem.includes('X509 CRL') ? ['-crl_check_all', '-CRLfile', file] : [];
  const { faults, usable } = new Authorities('FILE', pem, 'with lists').at(now);
  expect(usable || faults.length > 0).toBe(true);
  try {
    execFileSync(
      'openssl',
      ['verify', '-no-CApath', '-purpose', 'sslclient', '-CAfile', file, ...lists, leaf],
      {
        stdio: 'pipe',
      },
    );
    return { faults: [...faults], opensslAccepts: true };
  } catch {
    return { faults: [...faults], opensslAccepts: false };
  }
}

describe('authorities that let their clients pass', () => {
  test.each<[string, () => Promise<string> | string, () => Authority]>([
    ['a root', () => root.certificatePem, () => root],
    ['an authority with its root', () => between.certificatePem + root.certificatePem, () => between],
    ['a root with its list', async () => root.certificatePem + (await root.revocationList([])), () => root],
    [
      'an authority and its root, each with its list',
      async () =>
        between.certificatePem +
        root.certificatePem +
        (await between.revocationList([])) +
        (await root.revocationList([])),
      () => between,
    ],
    [
      'a root with an old list and its successor',
      async () =>
        root.certificatePem + (await root.revocationList([], past)) + (await root.revocationList([])),
      () => root,
    ],
  ])('%s', async (_, file, issuer) => {
    expect(await judge(await file(), issuer())).toEqual({ faults: [], opensslAccepts: true });
  });
});

describe('authorities that let nobody pass', () => {
  test.each<[string, () => Promise<string> | string, () => Authority | Promise<Authority>, RegExp]>([
    [
      'a root that has expired',
      async () => (await createAuthority('old', past)).certificatePem,
      () => root,
      /^the CA certificate of "CN=old" expired on 2/,
    ],
    [
      'a root that is not valid yet',
      async () => (await createAuthority('early', future)).certificatePem,
      () => root,
      /^the CA certificate of "CN=early" is not valid before 2/,
    ],
    ['an authority without its root', () => between.certificatePem, () => between, /without its issuer/],
    [
      'a list that has expired',
      async () => root.certificatePem + (await root.revocationList([], past)),
      () => root,
      /^the revocation list of "CN=root" expired on 2/,
    ],
    [
      'a list that is not valid yet',
      async () => root.certificatePem + (await root.revocationList([], future)),
      () => root,
      /not valid yet/,
    ],
    [
      'the list of another authority',
      async () => root.certificatePem + (await other.revocationList([])),
      () => root,
      /but none of "CN=root"/,
    ],
    [
      'a list of this name that another key signed',
      async () => root.certificatePem + (await (await createAuthority('root')).revocationList([])),
      () => root,
      /but none of "CN=root"/,
    ],
    [
      'no list for the root above',
      async () => between.certificatePem + root.certificatePem + (await between.revocationList([])),
      () => between,
      /but none of "CN=root"/,
    ],
    [
      'a certificate of no authority',
      async () =>
        (await root.issue({ commonName: 'leaf', client: true })).certificatePem + root.certificatePem,
      () => other,
      /not that of a CA/,
    ],
  ])('%s', async (_, file, issuer, fault) => {
    const { faults, opensslAccepts } = await judge(await file(), await issuer());
    expect(opensslAccepts).toBe(false);
    expect(faults).toContainEqual(expect.stringMatching(fault));
  });
});

test('one authority that works makes the file usable, and the fault of the other is named', async () => {
  const old = (await createAuthority('old', past)).certificatePem;
  const { faults, usable, expiresAt } = new Authorities('FILE', old + root.certificatePem, 'with lists').at(
    now,
  );
  expect({ usable, faults }).toEqual({ usable: true, faults: [expect.stringContaining('"CN=old" expired')] });
  expect(expiresAt).toBeGreaterThan(now);
});

test('the same file can come to its end while it is in use', async () => {
  const pem = root.certificatePem + (await root.revocationList([], { notAfter: new Date(now + HOUR) }));
  const authorities = new Authorities('FILE', pem, 'with lists');
  expect(authorities.at(now)).toMatchObject({ usable: true, faults: [] });
  expect(authorities.at(now).listsExpireAt).toBe(Math.floor((now + HOUR) / 1000) * 1000);
  expect(authorities.at(now + HOUR).usable).toBe(false);
});

test('a certificate that vouches for itself is trusted as it is, as by OpenSSL', async () => {
  const own = await createSelfSigned({ commonName: 'appliance', client: true });
  const file = join(folder, 'own.pem');
  writeFileSync(file, own.certificatePem);
  execFileSync('openssl', ['verify', '-no-CApath', '-CAfile', file, file], { stdio: 'pipe' });
  const authorities = new Authorities('FILE', own.certificatePem, 'without lists');
  expect(authorities.at(now)).toMatchObject({ usable: true, faults: [] });
});

test.each(['', 'garbage', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
  'a file with %j names its variable',
  (pem) => {
    expect(() => new Authorities('FILE', pem, 'with lists')).toThrow(/^FILE must be a PEM file/);
  },
);

test('a list that is cut, or no list at all, is refused with the name of the variable', async () => {
  const list = (await root.revocationList([])).replaceAll(/\n/g, '').replace(/(LIST|CRL)-----/, '$1-----\n');
  const body = Buffer.from(/-----\n?([^-]+)-----END/.exec(list)?.[1] ?? '', 'base64');
  for (let length = 0; length < body.length; length++) {
    const cut = body.subarray(0, length).toString('base64') || 'AA==';
    const pem = `${root.certificatePem}-----BEGIN X509 CRL-----\n${cut}\n-----END X509 CRL-----\n`;
    expect(() => new Authorities('FILE', pem, 'with lists')).toThrow(/^FILE must be a PEM file/);
  }
});
