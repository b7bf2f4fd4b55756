import { expect, test } from '@jest/globals';
import { mayCall } from './page-origin.js';

const LISTED = ['https://app.example.com'];
const HOST = 'gw.example.com:7764';

test.each([
  ['a client that is no browser', undefined, true, true],
  ['a page that QRNG_CORS_ORIGINS lists', 'https://app.example.com', true, true],
  ["the gateway's own page", `https://${HOST}`, true, true],
  ["a page of the machine's own", 'http://localhost:6274', true, true],
  ["a page of the machine's own, by address", 'http://[::1]:6274', true, true],
  ['a page of somebody else', 'https://evil.example', true, false],
  ['a page that only begins like a listed one', 'https://app.example.com.evil.example', true, false],
  ['a page without an origin', 'null', true, false],
  ['a page whose name was rebound, where there is no certificate to show it', `http://${HOST}`, false, false],
  ['the same, which says https', `https://${HOST}`, false, false],
])('%s', (_, origin, isTls, expected) => {
  expect(mayCall({ origin, host: HOST, isTls }, LISTED)).toBe(expected);
});
