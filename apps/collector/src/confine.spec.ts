import { resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { permissionFlags } from './confine.js';

const paths = (flag: string, env: Record<string, string>): string[] =>
  permissionFlags(env).flatMap((text) => (text.startsWith(`${flag}=`) ? [text.slice(flag.length + 1)] : []));

test('the files of a collector are its program, what the kernel says of it, and what its settings name', () => {
  const env = {
    QRNG_APPLIANCE_URLS: 'https://appliance/, file:///dev/qrandom0',
    QRNG_APPLIANCE_CA_FILE: 'etc/ca.pem',
    QRNG_HMAC_SECRET_KEY_FILE: '/run/secrets/hmac',
    QRNG_PUSH_CERT_FILE: '',
    QRNG_SETTINGS_PATH: '/etc/qrng-dd/collector.env',
    QRNG_PUSH_URL: 'spool:///var/spool/qr%20ng',
    QRNG_STATE_DIR: '/var/lib/qrng',
    OTHER_FILE: '/etc/shadow',
  };
  expect(paths('--allow-fs-read', env)).toEqual([
    resolve('.'),
    '/proc/self',
    resolve('etc/ca.pem'),
    '/run/secrets/hmac',
    '/etc/qrng-dd/collector.env',
    '/dev/qrandom0',
    '/var/lib/qrng',
    '/var/spool/qr ng',
  ]);
  expect(paths('--allow-fs-write', env)).toEqual(['/var/lib/qrng', '/var/spool/qr ng']);
});

test('threads are allowed where there are devices, and child processes never', () => {
  const flags = (urls: string): string[] => permissionFlags({ QRNG_APPLIANCE_URLS: urls });
  expect(flags('file:///dev/qrandom0')).toContain('--allow-worker');
  expect(flags('https://appliance/')).not.toContain('--allow-worker');
  expect(flags('file:///dev/qrandom0').filter((flag) => flag.startsWith('--allow-child'))).toEqual([]);
});

test.each(['', 'https://', 'file://host/x', 'spool:///%', 'spool:///%00', 'spool:///a%2Fb'])(
  'what is no path is left to the settings to refuse: %j',
  (url) => {
    expect(() => permissionFlags({ QRNG_APPLIANCE_URLS: url, QRNG_PUSH_URL: url })).not.toThrow();
    expect(permissionFlags({ QRNG_APPLIANCE_URLS: url, QRNG_PUSH_URL: url }).join()).not.toContain('\0');
  },
);
