import { describe, expect, test } from '@jest/globals';
import { addressNetwork, siteOf } from './address-network.js';

describe('addressNetwork', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:0:1:aaaa:bbbb:cccc:dddd', '2001:db8:0:1::/64'],
    ['2001:0DB8:0000:0001::5', '2001:db8:0:1::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['1::', '1:0:0:0::/64'],
    ['host.example', 'unknown'],
    ['', 'unknown'],
    ['127.1', 'unknown'],
    ['0300.0.2.7', 'unknown'],
  ])('counts %s under %s', (address, network) => expect(addressNetwork(address)).toBe(network));

  test.each([
    ['192.0.2.7:54321', '192.0.2.7'],
    ['[2001:db8:0:1::5]:443', '2001:db8:0:1::/64'],
    ['[2001:db8:0:1::5]', '2001:db8:0:1::/64'],
    ['[::ffff:192.0.2.7]:443', '192.0.2.7'],
    ['192.0.2.7:', 'unknown'],
    ['192.0.2.7:port', 'unknown'],
    ['[192.0.2.7', 'unknown'],
  ])('counts %s, as some proxies write it, under %s', (address, network) => {
    expect(addressNetwork(address)).toBe(network);
  });

  test.each([
    ['mapped', '::ffff:192.0.2.7'],
    ['mapped, in hex', '::ffff:c000:207'],
    ['mapped, in full', '0:0:0:0:0:FFFF:C000:0207'],
    ['mapped, with a zone', '::ffff:192.0.2.7%eth0'],
    ['behind NAT64', '64:ff9b::192.0.2.7'],
    ['behind NAT64, in hex', '64:ff9b::c000:207'],
    ['behind a NAT64 of its own network', '64:ff9b:1::c000:207'],
    ['behind a stateless translator', '::ffff:0:192.0.2.7'],
    ['in 6to4', '2002:c000:207:1::5'],
    ['in Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdf8'],
  ])('counts an IPv4 host, %s, under its own address', (_, address) => {
    expect(addressNetwork(address)).toBe('192.0.2.7');
  });
});

test.each([
  ['192.0.2.7', '192.0.2.0/24'],
  ['::ffff:192.0.2.255', '192.0.2.0/24'],
  ['2001:db8:0:1:aaaa:bbbb:cccc:dddd', '2001:db8:0::/48'],
  ['2001:db8:0:ffff::1', '2001:db8:0::/48'],
  ['2001:db8:1::1', '2001:db8:1::/48'],
  ['::1', '0:0:0::/48'],
  ['host.example', 'unknown'],
])('%s is of %s', (address, site) => expect(siteOf(addressNetwork(address))).toBe(site));
