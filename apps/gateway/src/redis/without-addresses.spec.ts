import { expect, test } from '@jest/globals';
import { withoutAddresses } from './without-addresses.js';

test.each([
  [
    'redis://10.0.0.5',
    'cannot be reached: connect ECONNREFUSED 10.0.0.5:6379',
    'cannot be reached: connect ECONNREFUSED …',
  ],
  [
    'redis://[fd00::5]',
    'cannot be reached: connect ETIMEDOUT fd00::5:6379',
    'cannot be reached: connect ETIMEDOUT …',
  ],
  [
    'redis://cache',
    'cannot be reached: getaddrinfo ENOTFOUND cache',
    'cannot be reached: getaddrinfo ENOTFOUND …',
  ],
  [
    'redis://a.internal',
    'cannot be reached: getaddrinfo EAI_AGAIN a.internal',
    'cannot be reached: getaddrinfo EAI_AGAIN …',
  ],
  ['redis://a.internal', 'refuses: MOVED 3999 172.16.0.9:6381', 'refuses: MOVED 3999 …'],
  [
    'rediss://cache',
    'cannot be reached: Host: cache. is not in: DNS:a.b, IP Address:10.0.0.1',
    'cannot be reached: Host: …. is not in: … IP …',
  ],
  [
    'rediss://cache',
    'cannot be reached: self-signed certificate',
    'cannot be reached: self-signed certificate',
  ],
  [
    'redis://cache',
    'refuses: WRONGPASS invalid username-password pair',
    'refuses: WRONGPASS invalid username-password pair',
  ],
])('%s: %s', (url, text, shown) => expect(withoutAddresses(text, url)).toBe(shown));
