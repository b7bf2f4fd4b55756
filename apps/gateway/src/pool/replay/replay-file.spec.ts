import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { crc32 } from 'node:zlib';
import { decodeReplay, encodeReplay } from './replay-file.js';
import type { ReplayContent } from './replay-file.js';
import { decodeJournal } from './replay-journal-v1.js';

const T0 = 1_760_000_000_000;

describe('the file of the replay state', () => {
  const content: ReplayContent = {
    ...{ clean: true, floor: T0, bound: T0 + 2000, newest: T0 + 100 },
    positions: new Map([
      [
        'lab-1',
        { ownKey: false, newest: T0, since: T0, floor: 0, recent: [accepted(1n), accepted(2n ** 64n - 1n)] },
      ],
      ['lab-2', { ownKey: true, newest: T0 + 100, since: T0 + 7, floor: T0 + 3, recent: [] }],
    ]),
  };
  const bytes = Buffer.from(encodeReplay(content));

  test('leads back to what was written', () => expect(decodeReplay(bytes)).toEqual(content));

  test('is not trusted cut off anywhere, with a byte more, or with any bit flipped', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeReplay(bytes.subarray(0, length))).toBeUndefined();
    }
    expect(decodeReplay(Buffer.concat([bytes, Buffer.from('\n')]))).toBeUndefined();
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect([bit, decodeReplay(flipped)]).toEqual([bit, undefined]);
    }
  });

  test('of another kind is not trusted', () => {
    for (const other of [Buffer.alloc(0), randomBytes(500), Buffer.from('{}'), journal(3)]) {
      expect(decodeReplay(other)).toBeUndefined();
    }
  });
});

describe('a journal of version 1.0', () => {
  const NOW = T0 + 1000;
  const SKEW = 60_000;

  test('becomes positions; what it took was stamped at most the skew after now', () => {
    const content = decodeJournal(journal(20), NOW, SKEW);
    const newest = NOW + SKEW;
    expect(content).toMatchObject({ clean: true, floor: T0, bound: newest + 1, newest });
    expect([...(content?.positions.keys() ?? [])]).toEqual(['lab-1']);
    const position = content?.positions.get('lab-1');
    expect(position).toMatchObject({ newest, floor: 0, ownKey: false });
    const last = Array.from({ length: 16 }, (_, index) => BigInt(index + 5));
    expect(position?.recent.map(({ sequence }) => sequence)).toEqual(last);
  });

  test('that is torn in its last sixteen records keeps those before and takes nothing from before now', () => {
    const whole = journal(20);
    for (let length = whole.length - 16 * 68; length < whole.length; length++) {
      if ((length - 20) % 68 === 0) continue;
      const { floor, positions } = decodeJournal(whole.subarray(0, length), NOW, SKEW) ?? {};
      expect([length, floor]).toEqual([length, NOW + 1]);
      expect(positions?.get('lab-1')?.recent.at(-1)?.sequence).toBe(BigInt(Math.floor((length - 20) / 68)));
    }
  });

  test('that is damaged anywhere else is not trusted', () => {
    const whole = journal(20);
    for (let at = 0; at < 20 + 4 * 68; at++) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x10, at);
      expect([at, decodeJournal(damaged, NOW, SKEW)]).toEqual([at, undefined]);
    }
  });
});

function accepted(sequence: bigint): { boot: bigint; sequence: bigint; mac: Buffer } {
  return { boot: 2n ** 63n + 1n, sequence, mac: randomBytes(32) };
}

/** As version 1.0 wrote it. */
function journal(records: number): Buffer {
  const header = Buffer.alloc(20);
  header.write('QRNGRPL1', 'latin1');
  header.writeBigUInt64BE(BigInt(T0), 8);
  header.writeUInt32BE(crc32(header.subarray(0, 16)), 16);
  let whole = header;
  for (let sequence = 1; sequence <= records; sequence++) {
    const record = Buffer.alloc(68);
    record.write('lab-1', 'latin1');
    record.writeBigUInt64BE(5n, 16);
    record.writeBigUInt64BE(BigInt(sequence), 24);
    randomBytes(32).copy(record, 32);
    record.writeUInt32BE(crc32(record.subarray(0, 64), crc32(whole)), 64);
    whole = Buffer.concat([whole, record]);
  }
  return whole;
}
