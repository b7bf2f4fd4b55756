import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, describe, expect, test } from '@jest/globals';
import { gatewayUrl, readSettings, SettingsError } from './settings.js';
import type { Environment } from './settings.js';

const folder = mkdtempSync(join(tmpdir(), 'qrng-client-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

function problemsOf(env: Environment): readonly string[] {
  try {
    readSettings(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

const URL_AND_KEY = { QRNG_URL: 'https://gw.example.com:7764', QRNG_API_KEY: 'k'.repeat(32) };

describe('readSettings', () => {
  test('reads address, key and CA', () => {
    const [pem = ''] = rootCertificates;
    const settings = readSettings({ ...URL_AND_KEY, QRNG_CA_FILE: file('ca.pem', `${pem}\n`) });
    expect(settings).toEqual({
      url: new URL('https://gw.example.com:7764/'),
      apiKey: URL_AND_KEY.QRNG_API_KEY,
      ca: `${pem}\n`,
    });
  });

  test('reads a key file again each time it is asked', () => {
    const path = file('key', 'one\n');
    const { apiKey } = readSettings({ QRNG_URL: URL_AND_KEY.QRNG_URL, QRNG_API_KEY_FILE: path });
    const read = apiKey as () => string;
    expect(read()).toBe('one');
    file('key', 'two\n');
    expect(read()).toBe('two');
  });

  test('names every variable that is missing or wrong, and no value', () => {
    expect(problemsOf({})).toEqual([
      'QRNG_URL must be the address of the gateway, such as https://qrng.example.com:7764',
      'QRNG_API_KEY must be an API key of the gateway, or QRNG_API_KEY_FILE its file',
    ]);
    expect(problemsOf({ ...URL_AND_KEY, QRNG_API_KEY_FILE: 'x' })).toEqual([
      'QRNG_API_KEY must be given either directly or as QRNG_API_KEY_FILE, not both',
    ]);
    expect(problemsOf({ QRNG_URL: URL_AND_KEY.QRNG_URL, QRNG_API_KEY_FILE: '/nope' })).toEqual([
      'QRNG_API_KEY_FILE must name a readable file (ENOENT)',
    ]);
    expect(problemsOf({ ...URL_AND_KEY, QRNG_API_KEY: 'two words\r\nX: y' })).toHaveLength(1);
    expect(problemsOf({ ...URL_AND_KEY, QRNG_CA_FILE: file('no.pem', 'no certificate') })).toEqual([
      'QRNG_CA_FILE must name a file with CA certificates (PEM)',
    ]);
  });
});

describe('gatewayUrl', () => {
  test.each([
    ['https://gw.example.com', 'https://gw.example.com/'],
    ['https://gw.example.com/qrng/', 'https://gw.example.com/qrng'],
    ['http://127.0.0.1:7764', 'http://127.0.0.1:7764/'],
    ['http://localhost', 'http://localhost/'],
    ['http://[::1]:7764', 'http://[::1]:7764/'],
  ])('takes %s', (text, url) => {
    expect(gatewayUrl(text).href).toBe(url);
  });

  test.each([
    '',
    'gw.example.com',
    'http://gw.example.com',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
    'ftp://gw.example.com',
    'https://user:key@gw.example.com',
    'https://gw.example.com/?api_key=x',
    'https://gw.example.com/#x',
  ])('refuses "%s"', (text) => {
    expect(() => gatewayUrl(text)).toThrow(SettingsError);
  });
});
