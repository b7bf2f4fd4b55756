import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Keyring, MacKey } from './keyring.js';
import { openPacket, PacketError, sealPacket } from './packet.js';
import type { PacketFields } from './packet.js';

interface Vectors {
  key1: string;
  key2: string;
  good: {
    name: string;
    key: string;
    keyId: string;
    collector: string;
    type: number;
    boot: string;
    sequence: string;
    timestamp: string;
    age: number;
    data: string;
    crc32: number;
    packet: string;
  }[];
  bad: { name: string; expect: string; packet: string }[];
}

const vectors = JSON.parse(readFileSync('test/vectors/packet-vectors.json', 'utf8')) as Vectors;
const key1 = MacKey.fromHex(vectors.key1);

function refusalOf(packet: Buffer, keys: Keyring): string {
  try {
    openPacket(packet, keys);
    return 'accepted';
  } catch (error) {
    if (error instanceof PacketError) return error.code;
    throw error;
  }
}

describe('frozen packets', () => {
  test.each(vectors.good.map((vector) => [vector.name, vector] as const))(
    'opens and seals %s',
    (_, vector) => {
      const key = MacKey.fromHex(vector.key);
      const packet = openPacket(Buffer.from(vector.packet, 'hex'), new Keyring([key]));
      expect(packet).toMatchObject({
        keyId: vector.keyId,
        collector: vector.collector,
        type: vector.type === 1 ? 'entropy' : 'heartbeat',
        boot: BigInt(vector.boot),
        sequence: BigInt(vector.sequence),
        timestamp: BigInt(vector.timestamp),
        age: vector.age,
      });
      expect(packet.data.toString('hex')).toBe(vector.data);
      expect(sealPacket(packet, packet.data, key).toString('hex')).toBe(vector.packet);
    },
  );

  test.each(vectors.bad.map((vector) => [vector.name, vector.expect, vector.packet] as const))(
    'refuses %s as %s',
    (_, reason, packet) => expect(refusalOf(Buffer.from(packet, 'hex'), new Keyring([key1]))).toBe(reason),
  );
});

describe('a packet of 48 bytes', () => {
  const fields = {
    type: 'entropy',
    collector: 'lab-1',
    boot: 1n,
    sequence: 2n,
    timestamp: 3n,
    age: 4,
  } as const;
  const packet = sealPacket(fields, Buffer.alloc(48, 7), key1);
  const keys = new Keyring([key1]);

  test('is refused with any one bit flipped', () => {
    for (let bit = 0; bit < packet.length * 8; bit++) {
      const flipped = Buffer.from(packet);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect([bit, refusalOf(flipped, keys)]).not.toEqual([bit, 'accepted']);
    }
  });

  test('is refused cut off at any length, and with a byte more', () => {
    for (let length = 0; length < packet.length; length++) {
      expect(refusalOf(packet.subarray(0, length), keys)).toBe('malformed');
    }
    expect(refusalOf(Buffer.concat([packet, Buffer.alloc(1)]), keys)).toBe('malformed');
  });

  test('is accepted unchanged', () => expect(refusalOf(packet, keys)).toBe('accepted'));
});

describe('sealPacket', () => {
  const fields: PacketFields = {
    type: 'entropy',
    collector: 'lab-1',
    boot: 1n,
    sequence: 1n,
    timestamp: 1n,
    age: 0,
  };

  test.each([
    ['an empty entropy packet', fields, 0],
    ['more than 1 MiB', fields, 1024 * 1024 + 1],
    ['a heartbeat above 4096 bytes', { ...fields, type: 'heartbeat' as const }, 4097],
    ['sequence 0', { ...fields, sequence: 0n }, 1],
    ['a collector id in upper case', { ...fields, collector: 'Lab' }, 1],
    ['an age above 32 bits', { ...fields, age: 2 ** 32 }, 1],
    ['an age below 0', { ...fields, age: -1 }, 1],
    ['an age that is no whole number', { ...fields, age: 0.5 }, 1],
    ['a heartbeat with an age', { ...fields, type: 'heartbeat' as const, age: 1 }, 1],
  ])('refuses %s', (_, wrong, length) => {
    expect(() => sealPacket(wrong, Buffer.alloc(length), key1)).toThrow(RangeError);
  });
});

test('a heartbeat with an age is malformed: there is one encoding of each', () => {
  const fields = { collector: 'lab-1', boot: 1n, sequence: 1n, timestamp: 1n, age: 0 };
  const packet = sealPacket({ ...fields, type: 'heartbeat' }, Buffer.alloc(0), key1);
  packet.writeUInt32BE(1, 60);
  key1.mac(packet.subarray(0, 64)).copy(packet, 64);
  expect(refusalOf(packet, new Keyring([key1]))).toBe('malformed');
});

describe('MacKey', () => {
  test.each(['', 'ab', 'zz'.repeat(32), 'ab'.repeat(33)])('refuses %p', (hex) => {
    expect(() => MacKey.fromHex(hex)).toThrow(RangeError);
  });
});

test('a refusal carries no stack, which would cost more than the check', () => {
  expect(new PacketError('hmac', 'HMAC does not match').stack).toBe('PacketError: HMAC does not match');
  expect(new Error('another').stack).toContain('packet.spec');
});
