import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { acceptedEncoding, encode, encodedLength, ENCODINGS } from './encoding.js';

const TEXTS = ENCODINGS.filter((encoding) => encoding !== 'binary');

test.each(ENCODINGS)('%s has the stated length, as text and as a buffer', (encoding) => {
  for (const bytes of [1, 2, 3, 4000, 8191, 8192, 65_536]) {
    expect(Buffer.byteLength(encode(randomBytes(bytes), encoding))).toBe(encodedLength(bytes, encoding));
  }
});

test.each(TEXTS)('%s leads back to the bytes, which are wiped', (encoding) => {
  for (const count of [32, 65_536]) {
    const bytes = randomBytes(count);
    const copy = Buffer.from(bytes);
    expect(Buffer.from(encode(bytes, encoding).toString(), encoding).equals(copy)).toBe(true);
    expect(bytes.equals(Buffer.alloc(count))).toBe(true);
  }
});

test.each([
  ['hex', undefined],
  ['hex', '*/*'],
  ['hex', ''],
  ['hex', 'text/plain'],
  ['hex', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
  ['binary', 'application/octet-stream'],
  ['binary', 'Application/Octet-Stream'],
  ['binary', 'application/*'],
  ['binary', 'application/octet-stream, */*;q=0.1'],
  ['binary', 'text/plain;q=0.5, application/octet-stream;q=0.6'],
  ['hex', 'text/plain;q=0.6,application/octet-stream;q=0.5'],
  ['hex', 'text/plain, application/octet-stream'],
  ['hex', 'application/octet-stream, text/plain'],
  ['binary', 'application/octet-stream, */*'],
  ['binary', '*/*, application/*'],
  ['hex', 'text/*, application/*'],
  ['hex', 'application/*, text/plain'],
  ['hex', 'application/octet-stream;q=0'],
  ['hex', 'application/*;q=0, */*;q=0'],
  ['hex', 'application/octet-stream;q=nonsense'],
  ['hex', 'application/octet-stream;q=0, */*'],
  ['binary', 'application/octet-stream;q=1.000, text/*;q=0.9'],
  ['hex', 'application/problem+json'],
  ['hex', 'application/octet-streams'],
])('%s is what Accept: %s asks for', (encoding, accept) => {
  expect(acceptedEncoding(accept)).toBe(encoding);
});
