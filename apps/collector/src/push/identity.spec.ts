/** The collector's certificates: what the gateway or the collector itself would refuse is not taken over. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readSettings } from '#libs/settings';
import { createAuthority } from '../../../../tools/certificates/authority.js';
import type { Authority, IssuedCertificate } from '../../../../tools/certificates/authority.js';
import { fileProblems } from '../check-files.js';
import { CollectorSettings } from '../settings.js';
import { Identity } from './identity.js';

const HOUR = 3_600_000;
const now = Date.now();
const past = { notBefore: new Date(now - 9 * HOUR), notAfter: new Date(now - HOUR) };
const future = { notBefore: new Date(now + HOUR), notAfter: new Date(now + 9 * HOUR) };
const folder = mkdtempSync(join(tmpdir(), 'identity-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string): string => join(folder, name);

let authority: Authority;
let good: IssuedCertificate;
let settings: Readonly<CollectorSettings>;
beforeAll(async () => {
  authority = await createAuthority('collectors');
  good = await authority.issue({ commonName: 'lab', client: true });
  write(good);
  settings = readSettings(CollectorSettings, {
    QRNG_APPLIANCE_URLS: 'https://appliance.example.com/',
    QRNG_APPLIANCE_CA_FILE: path('appliance-ca.pem'),
    QRNG_PUSH_URL: 'https://gateway.example.com/push',
    QRNG_PUSH_CA_FILE: path('ca.pem'),
    QRNG_PUSH_CERT_FILE: path('cert.pem'),
    QRNG_PUSH_KEY_FILE: path('key.pem'),
    QRNG_HMAC_SECRET_KEY: randomBytes(32).toString('hex'),
    QRNG_STATE_DIR: folder,
  }).settings;
});

function write({ certificatePem, keyPem }: IssuedCertificate, ca = authority.certificatePem): void {
  writeFileSync(path('cert.pem'), certificatePem);
  writeFileSync(path('key.pem'), keyPem);
  writeFileSync(path('ca.pem'), ca);
  writeFileSync(path('appliance-ca.pem'), authority.certificatePem);
}

test.each<[string, RegExp, () => Promise<void>]>([
  [
    'an expired certificate',
    /^QRNG_PUSH_CERT_FILE must be a certificate that has not expired/,
    async () => write(await authority.issue({ commonName: 'lab', client: true, ...past })),
  ],
  [
    'a certificate of the future',
    /^QRNG_PUSH_CERT_FILE must be a certificate that is valid already/,
    async () => write(await authority.issue({ commonName: 'lab', client: true, ...future })),
  ],
  [
    'a certificate for servers',
    /^QRNG_PUSH_CERT_FILE must be a certificate for a TLS client/,
    async () => write(await authority.issue({ commonName: 'lab', hosts: ['localhost'] })),
  ],
  [
    'the key of another certificate',
    /^QRNG_PUSH_KEY_FILE must be the private key/,
    async () => write({ ...good, keyPem: (await authority.issue({ commonName: 'x', client: true })).keyPem }),
  ],
  [
    'an expired CA of the gateway',
    /^QRNG_PUSH_CA_FILE must be .* expired on/,
    async () => write(good, (await createAuthority('old', past)).certificatePem),
  ],
  [
    'an expired CA of appliances',
    /^QRNG_APPLIANCE_CA_FILE must be .* expired on/,
    async () => {
      write(good);
      writeFileSync(path('appliance-ca.pem'), (await createAuthority('old', past)).certificatePem);
    },
  ],
])(
  '%s is refused at the start, by --check and at a reload, and the old ones stay',
  async (_, reason, spoil) => {
    write(good);
    const identity = new Identity(settings, 1n);
    const { tls } = identity;
    const { dates } = identity;
    await spoil();
    expect(() => identity.replace(settings)).toThrow(reason);
    expect(identity.tls).toBe(tls);
    expect(identity.dates).toBe(dates);
    expect(() => new Identity(settings, 2n)).toThrow(reason);
    expect(fileProblems(settings, now)).toEqual([expect.stringMatching(reason)]);
  },
);

test('it knows when each certificate ends, also after a reload', async () => {
  write(good);
  const identity = new Identity(settings, 1n);
  expect(identity.dates.map(({ what }) => what)).toEqual(['push_cert', 'push_ca', 'appliance_ca']);
  const notAfter = new Date(Math.floor(now / 1000) * 1000 + 5 * HOUR);
  expect(identity.dates[0]?.expiresAt).not.toBe(notAfter.getTime());
  write(await authority.issue({ commonName: 'lab', client: true, notAfter }));
  expect(identity.replace(settings)).toBe(true);
  expect(identity.dates[0]?.expiresAt).toBe(notAfter.getTime());
});
