import { describe, expect, test } from '@jest/globals';
import { ApplianceSource } from './appliance-source.js';
import { createSources } from './create-sources.js';
import { isSourceUrl } from './source-settings.js';
import { DeviceSource } from './device-source.js';

const PIN = 'ab'.repeat(32);

describe('createSources', () => {
  test('makes a source of each URL and names it without its query', () => {
    const sources = createSources({
      urls: [
        'https://appliance1.lan/api/2.0/streambytes?token=secret',
        'https://[::1]:8443/api/2.0/streambytes',
        'FILE:///dev/qrandom0',
        'http://127.0.0.1:8080/api/2.0/streambytes',
      ],
    });
    expect(sources.map(({ name }) => name)).toEqual([
      'appliance1.lan',
      '::1:8443',
      '/dev/qrandom0',
      '127.0.0.1:8080',
    ]);
    expect(sources.map((source) => source.constructor)).toEqual([
      ApplianceSource,
      ApplianceSource,
      DeviceSource,
      ApplianceSource,
    ]);
  });

  test('gives each source a name of its own', () => {
    const urls = ['https://host/a', 'https://host/b', 'https://other/a', 'https://host/c'];
    expect(createSources({ urls }).map(({ name }) => name)).toEqual(['host', 'host#2', 'other', 'host#3']);
  });

  test('makes names that a heartbeat can carry', () => {
    const [source] = createSources({ urls: [`file:///dev/${'long/'.repeat(40)}q%20r%C3%A4ndom`] });
    expect(source?.name).toMatch(/^[A-Za-z0-9._:/#-]{1,64}$/);
  });

  test.each([
    'http://appliance1.lan/api/2.0/streambytes',
    'https://user:password@appliance1.lan/',
    'ftp://appliance1.lan/',
    'appliance1.lan',
    'https://appliance1.lan/#fragment',
    'file://host/dev/qrandom0',
    'file:///',
    'file:///dev/qrandom0?size=1',
    'file:///dev%2Fqrandom0',
    'file:///dev/%zz',
  ])('%s is no source', (url) => {
    expect(isSourceUrl(url)).toBe(false);
  });

  test('refuses plain HTTP and credentials by itself, without saying them', () => {
    for (const url of ['http://appliance1.lan/', 'https://user:password@appliance1.lan/']) {
      expect(() => createSources({ urls: [url] })).toThrow(/^(?!.*password).*https is needed/);
    }
  });

  test('takes pins with and without colons, and refuses what is none', () => {
    const urls = ['https://appliance1.lan/'];
    expect(createSources({ urls, fingerprints: [PIN, 'AB:'.repeat(31) + 'AB'] })).toHaveLength(1);
    for (const pin of ['', 'ab', `${PIN}00`, PIN.replace('a', 'g'), `${PIN} `]) {
      expect(() => createSources({ urls, fingerprints: [pin] })).toThrow(RangeError);
    }
  });
});
