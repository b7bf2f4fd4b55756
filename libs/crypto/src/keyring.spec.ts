import { describe, expect, test } from '@jest/globals';
import { Keyring, MacKey } from './keyring.js';
import { openPacket, PacketError, sealPacket } from './packet.js';

const [shared, lab1, lab2] = ['01', '02', '03'].map((byte) => MacKey.fromHex(byte.repeat(32))) as [
  MacKey,
  MacKey,
  MacKey,
];
const ring = new Keyring(
  [shared],
  new Map([
    ['lab-1', [lab1]],
    ['lab-2', [lab2]],
    ['lab-3', []],
  ]),
);

function ownKeyOf(collector: string, key: MacKey): boolean | string {
  const fields = { type: 'entropy' as const, collector, boot: 1n, sequence: 1n, timestamp: 1n, age: 0 };
  try {
    return openPacket(sealPacket(fields, Buffer.alloc(1), key), ring).ownKey;
  } catch (error) {
    if (error instanceof PacketError) return error.code;
    throw error;
  }
}

describe('a keyring with keys of single collectors', () => {
  test('takes packets of a collector under its own key, and says so', () => {
    expect(ownKeyOf('lab-1', lab1)).toBe(true);
    expect(ownKeyOf('lab-2', lab2)).toBe(true);
  });

  test('takes packets under a shared key from all other collectors', () => {
    expect(ownKeyOf('lab-4', shared)).toBe(false);
  });

  test('lets no collector speak for another, with a shared key neither', () => {
    expect(ownKeyOf('lab-2', lab1)).toBe('hmac');
    expect(ownKeyOf('lab-1', shared)).toBe('hmac');
    expect(ownKeyOf('lab-4', lab1)).toBe('hmac');
  });

  test('takes nothing from a collector whose own keys are all expired', () => {
    expect(ownKeyOf('lab-3', shared)).toBe('hmac');
  });

  test('names all its keys once', () => {
    expect(ring.ids()).toEqual([shared.id, lab1.id, lab2.id]);
  });
});
