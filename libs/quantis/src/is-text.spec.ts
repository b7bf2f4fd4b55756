import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { isText } from './is-text.js';

describe('isText', () => {
  test.each(['hex', 'base64', 'base64url'] as const)('knows %s', (encoding) => {
    expect(isText(Buffer.from(randomBytes(64).toString(encoding)))).toBe(true);
  });

  test('knows a page and a JSON array of numbers', () => {
    expect(isText(Buffer.alloc(64, '<!DOCTYPE html>\r\n\t<p>'))).toBe(true);
    expect(isText(Buffer.from(JSON.stringify([...randomBytes(64)])))).toBe(true);
  });

  test('does not take random bytes for text, nor text with one raw byte in it', () => {
    expect(isText(randomBytes(64))).toBe(false);
    const text = Buffer.alloc(8192, 'text');
    text[8191] = 0x80;
    expect(isText(text)).toBe(false);
    expect(isText(Buffer.alloc(64, 0))).toBe(false);
  });

  test('does not judge what is too short: 63 random bytes may be text more often than once in 10^26', () => {
    expect((98 / 256) ** 63).toBeGreaterThan(1e-27);
    expect((98 / 256) ** 64).toBeCloseTo(2e-27, 27);
    expect(isText(Buffer.alloc(63, 'a'))).toBe(false);
  });
});
