import { expect, test } from '@jest/globals';
import { isAddressRange } from './address-range.js';

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
