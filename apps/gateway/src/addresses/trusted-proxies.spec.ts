import { expect, test } from '@jest/globals';
import { isAddressRange, trustedProxies } from './trusted-proxies.js';

test('addresses and ranges of both families, and IPv4 as IPv6 sockets show it', () => {
  const proxies = trustedProxies(['192.0.2.1', '10.0.0.0/8', '::1', 'fd00::/8']);
  for (const address of ['192.0.2.1', '10.255.0.1']) expect(proxies.check(address, 'ipv4')).toBe(true);
  for (const address of ['::1', 'fd12::5', '::ffff:10.1.2.3']) {
    expect(proxies.check(address, 'ipv6')).toBe(true);
  }
  for (const address of ['192.0.2.2', '11.0.0.1']) expect(proxies.check(address, 'ipv4')).toBe(false);
  for (const address of ['::2', 'fe80::1']) expect(proxies.check(address, 'ipv6')).toBe(false);
});

test('off is nobody', () => expect(trustedProxies(['off']).check('127.0.0.1', 'ipv4')).toBe(false));

test.each(['off', '10.0.0.0/8', '127.0.0.1', '::1', 'fd00::/8', '0.0.0.0/1', '2001:db8::/128'])(
  '%s',
  (text) => {
    expect(isAddressRange(text)).toBe(true);
  },
);

test.each([
  '',
  'on',
  '0.0.0.0/0',
  '::/0',
  '10.0.0.0/33',
  '::/129',
  '10/8',
  '010.0.0.0/8',
  '10.0.0.0/',
  '10.0.0.0/255.0.0.0',
  '10.0.0.0/08',
  '10.0.0.0/8/8',
  'proxy.example',
])('not %s', (text) => {
  expect(isAddressRange(text)).toBe(false);
});
