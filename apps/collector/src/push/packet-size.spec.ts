import { describe, expect, test } from '@jest/globals';
import { PacketSize } from './packet-size.js';

const KIB = 1024;
const size = (): PacketSize => new PacketSize(64 * KIB, 1024 * KIB);

describe('the size of a packet', () => {
  test('doubles with each full packet that was quick, up to the largest', () => {
    const packets = size();
    const sizes = Array.from({ length: 6 }, () => {
      const { limit } = packets;
      packets.taken(limit, 50);
      return limit / KIB;
    });
    expect(sizes).toEqual([64, 128, 256, 512, 1024, 1024]);
  });

  test('stays where less waits than a packet takes', () => {
    const packets = size();
    packets.taken(64 * KIB - 1, 1);
    expect(packets.limit).toBe(64 * KIB);
  });

  test('shrinks while packets are slow, not below the usual one', () => {
    const packets = size();
    for (let i = 0; i < 4; i++) packets.taken(packets.limit, 50);
    for (let i = 0; i < 6; i++) packets.taken(packets.limit, 1500);
    expect(packets.limit).toBe(64 * KIB);
  });

  test('is the usual one again where a packet was lost', () => {
    const packets = size();
    for (let i = 0; i < 4; i++) packets.taken(packets.limit, 50);
    packets.lost();
    expect(packets.limit).toBe(64 * KIB);
  });

  test('halves with the third refusal in a row and each one after it, and grows back', () => {
    const packets = size();
    const sizes = Array.from({ length: 12 }, () => {
      packets.refused(packets.limit);
      return packets.limit;
    });
    expect(sizes).toEqual([65_536, 65_536, 32_768, 16_384, 8192, 4096, 2048, 1024, 512, 256, 256, 256]);
    packets.taken(256, 5000);
    expect(packets.limit).toBe(512);
    packets.refused(512);
    expect(packets.limit).toBe(512);
  });

  test('is never above what the carrier takes', () => {
    const packets = new PacketSize(64 * KIB, 1376);
    packets.taken(1376, 1);
    expect(packets.limit).toBe(1376);
  });
});
