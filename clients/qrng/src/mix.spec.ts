import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { mixed, wholeBlocks } from './mix.js';

/** HKDF-SHA256 of RFC 5869 by its definition, for one block of output and no salt. */
function hkdf(key: Buffer, info: string): Buffer {
  const extracted = createHmac('sha256', Buffer.alloc(32)).update(key).digest();
  return createHmac('sha256', extracted)
    .update(Buffer.concat([Buffer.from(info), Buffer.of(1)]))
    .digest();
}

describe('mixed', () => {
  test('each block is HKDF of 32 local bytes and 32 of the gateway', () => {
    const [local, gateway] = [randomBytes(64), randomBytes(64)];
    let at = 0;
    const output = mixed(Buffer.from(gateway), 'bytes', (count) => local.subarray(at, (at += count)));
    const block = (i: number) =>
      hkdf(
        Buffer.concat([local.subarray(i, i + 32), gateway.subarray(i, i + 32)]),
        'qrng-dd client mix 1 bytes',
      );
    expect(output).toEqual(Buffer.concat([block(0), block(32)]));
  });

  test('differs each time for the same bytes of the gateway: it takes the local generator', () => {
    const outputs = Array.from({ length: 100 }, () => mixed(Buffer.alloc(32), 'bytes').toString('hex'));
    expect(new Set(outputs).size).toBe(100);
  });

  test('changes with the bytes of the gateway and with the purpose', () => {
    const constant = () => Buffer.alloc(32, 7);
    const of = (byte: number, purpose: string) =>
      mixed(Buffer.alloc(32, byte), purpose, constant).toString('hex');
    expect(new Set([of(1, 'a'), of(2, 'a'), of(1, 'b')]).size).toBe(3);
  });

  test('wipes its input', () => {
    const gateway = Buffer.alloc(32, 7);
    mixed(gateway, 'bytes');
    expect(gateway).toEqual(Buffer.alloc(32));
  });

  test('refuses parts of a block', () => {
    expect(() => mixed(Buffer.alloc(33), 'bytes')).toThrow('only whole blocks are mixed');
    expect([1, 32, 33].map(wholeBlocks)).toEqual([32, 32, 64]);
  });
});
