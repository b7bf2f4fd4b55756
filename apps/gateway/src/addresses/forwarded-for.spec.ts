import { expect, test } from '@jest/globals';
import { plainHops } from './forwarded-for.js';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['192.0.2.1:443 ,[2001:db8::1]:443,2001:db8::1', '192.0.2.1:443, [2001:db8::1]:443, 2001:db8::1'],
  ['unknown, _hidden', 'unknown, _hidden'],
  ['\x1b[31m, 192.0.2.1', 'unknown, 192.0.2.1'],
  ['\x9b31m', 'unknown'],
  ['a\x7f', 'unknown'],
  ['\xe2\x80\xa8', 'unknown'],
  ['192.0.2.1","event":"started', 'unknown, unknown'],
  ['1'.repeat(65), 'unknown'],
  ['', 'unknown'],
])('%j is logged as %j', (field, hops) => {
  expect(plainHops(field)).toBe(hops);
});
