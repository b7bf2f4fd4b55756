import { describe, expect, test } from '@jest/globals';
import { addressNetwork } from './address-network.js';

describe('addressNetwork', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:0:1:aaaa:bbbb:cccc:dddd', '2001:db8:0:1::/64'],
    ['2001:0DB8:0000:0001::5', '2001:db8:0:1::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
    ['1::', '1:0:0:0::/64'],
    ['host.example', 'unknown'],
    ['', 'unknown'],
  ])('counts %s under %s', (address, network) => expect(addressNetwork(address)).toBe(network));
});
