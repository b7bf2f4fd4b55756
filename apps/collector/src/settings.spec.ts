import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { readSettings, SettingsError } from '#libs/settings';
import { CollectorSettings } from './settings.js';

const required = {
  QRNG_APPLIANCE_URLS: 'https://qrng.lab/api/2.0/streambytes',
  QRNG_PUSH_URL: 'https://gateway:7764/push',
  QRNG_HMAC_SECRET_KEY: randomBytes(32).toString('hex'),
  QRNG_STATE_DIR: '/var/lib/qrng',
};
const two = 'https://a/api/2.0/streambytes,file:///dev/qrandom0';

function problemsWith(env: Record<string, string | undefined>): string {
  try {
    readSettings(CollectorSettings, { ...required, ...env });
    return '';
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
}

describe('CollectorSettings', () => {
  test('has the documented defaults', () => {
    expect(readSettings(CollectorSettings, required).settings).toMatchObject({
      QRNG_MIXING_STRATEGY: 'none',
      QRNG_FETCH_CHUNK_SIZE: 8192,
      QRNG_FETCH_INTERVAL_MS: 100,
      QRNG_BUFFER_SIZE: 1048576,
      QRNG_PUSH_INTERVAL_MS: 500,
      QRNG_PUSH_MAX_BYTES: 65536,
      QRNG_COLLECTOR_ID: 'collector-1',
      QRNG_HEARTBEAT_INTERVAL_MS: 5000,
      QRNG_INITIAL_BACKOFF_MS: 100,
      QRNG_MAX_BACKOFF_MS: 30000,
      QRNG_LOG_LEVEL: 'info',
    });
  });

  test.each(Object.keys(required))('needs %s', (name) => {
    expect(problemsWith({ [name]: undefined })).toMatch(new RegExp(`^${name} must be [^\n]+$`));
  });

  test.each([
    ['QRNG_APPLIANCE_URLS', 'http://qrng.lab/api/2.0/streambytes'],
    ['QRNG_APPLIANCE_URLS', 'file://host/dev/qrandom0'],
    ['QRNG_APPLIANCE_URLS', 'ftp://qrng.lab/'],
    ['QRNG_APPLIANCE_URLS', 'https://user:pass@qrng.lab/'],
    ['QRNG_APPLIANCE_FINGERPRINT', 'ab'],
    ['QRNG_APPLIANCE_FINGERPRINT', ','],
    ['QRNG_MIXING_STRATEGY', 'concat'],
    ['QRNG_MIXING_MIN_SOURCES', '2'],
    ['QRNG_MIXING_MIN_SOURCES', '0'],
    ['QRNG_BUFFER_SIZE', '8191'],
    ['QRNG_PUSH_URL', 'http://gateway:7764/push'],
    ['QRNG_PUSH_CERT_FILE', '/etc/hostname'],
    ['QRNG_PUSH_KEY_FILE', '/etc/hostname'],
    ['QRNG_PUSH_MAX_BYTES', '1048577'],
    ['QRNG_COLLECTOR_ID', 'Lab_1'],
    ['QRNG_COLLECTOR_ID', 'a'.repeat(17)],
    ['QRNG_MAX_BACKOFF_MS', '99'],
  ])('refuses %s=%s and says so in one line', (name, value) => {
    expect(problemsWith({ [name]: value })).toMatch(new RegExp(`^${name} must be [^\n]+$`));
  });

  test('refuses several sources without mixing, and a source mixed with itself', () => {
    expect(problemsWith({ QRNG_APPLIANCE_URLS: two })).toBe(
      'QRNG_MIXING_STRATEGY must be xor, hkdf or cbc-mac when there are several sources',
    );
    const twice = 'https://a/api/2.0/streambytes,https://A:443/api/2.0/streambytes';
    expect(problemsWith({ QRNG_APPLIANCE_URLS: twice, QRNG_MIXING_STRATEGY: 'xor' })).toMatch(
      /^QRNG_APPLIANCE_URLS must be 1 to 16 sources, each named once$/,
    );
  });

  test('refuses fewer bits a byte than full ones without conditioning, and as many values as there are no sources', () => {
    const claim = (bits: string, env: Record<string, string> = {}) =>
      problemsWith({ QRNG_SOURCE_MIN_ENTROPY: bits, ...env });
    expect(claim('7.5')).toBe(
      'QRNG_SOURCE_MIN_ENTROPY must be 8 unless QRNG_MIXING_STRATEGY is cbc-mac: only that makes full bytes of fewer bits',
    );
    expect(claim('8')).toBe('');
    expect(claim('7.5', { QRNG_MIXING_STRATEGY: 'cbc-mac' })).toBe('');
    expect(claim('4,7.5', { QRNG_MIXING_STRATEGY: 'cbc-mac' })).toBe(
      'QRNG_SOURCE_MIN_ENTROPY must be one value, or one for each source',
    );
    for (const bits of ['0.4', '8.1', 'x', '-1', '1e0']) {
      expect(claim(bits, { QRNG_MIXING_STRATEGY: 'cbc-mac' })).toMatch(/bits a byte, 0.5 to 8/);
    }
  });

  test('refuses a buffer that holds no mixed block', () => {
    const small = { QRNG_FETCH_CHUNK_SIZE: '16', QRNG_BUFFER_SIZE: '31' };
    expect(problemsWith({ ...small, QRNG_APPLIANCE_URLS: two, QRNG_MIXING_STRATEGY: 'xor' })).toBe(
      'QRNG_BUFFER_SIZE must be at least 8192 with a QRNG_MIXING_STRATEGY: mixed blocks are that long',
    );
    expect(problemsWith({ ...small, QRNG_MIXING_STRATEGY: 'hkdf' })).toMatch(/^QRNG_BUFFER_SIZE must/);
    expect(problemsWith(small)).toBe('');
  });

  test.each([
    { QRNG_APPLIANCE_URLS: two, QRNG_MIXING_STRATEGY: 'hkdf', QRNG_MIXING_MIN_SOURCES: '1' },
    { QRNG_APPLIANCE_URLS: 'http://127.0.0.1:1/api/2.0/streambytes', QRNG_PUSH_URL: 'http://[::1]:2/push' },
    { QRNG_PUSH_CERT_FILE: '/etc/hostname', QRNG_PUSH_KEY_FILE: '/etc/hostname' },
    { QRNG_APPLIANCE_FINGERPRINT: `${'ab:'.repeat(31)}ab, ${'cd'.repeat(32)}` },
  ])('takes %p', (env) => expect(problemsWith(env)).toBe(''));
});
