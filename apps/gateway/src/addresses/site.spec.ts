import { expect, test } from '@jest/globals';
import { addressNetwork } from './address-network.js';
import { siteOf } from './site.js';

test.each([
  ['192.0.2.7', '192.0.2.0/24'],
  ['::ffff:192.0.2.255', '192.0.2.0/24'],
  ['2001:db8:0:1:aaaa:bbbb:cccc:dddd', '2001:db8:0::/48'],
  ['2001:db8:0:ffff::1', '2001:db8:0::/48'],
  ['2001:db8:1::1', '2001:db8:1::/48'],
  ['::1', '0:0:0::/48'],
  ['host.example', 'unknown'],
])('%s is of %s', (address, site) => expect(siteOf(addressNetwork(address))).toBe(site));
