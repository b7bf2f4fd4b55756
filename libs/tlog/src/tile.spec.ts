import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encodeEntries, parseTilePath, tilePath } from './tile.js';

test('paths are those of c2sp.org/tlog-tiles', () => {
  expect(tilePath(0, 1_234_067)).toBe('tile/0/x001/x234/067');
  expect(tilePath(1, 0, 17)).toBe('tile/1/000.p/17');
  expect(tilePath('entries', 1000, 255)).toBe('tile/entries/x001/000.p/255');
});

test('a path names its tile, and no other text names one', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 63 }),
      fc.maxSafeNat(),
      fc.integer({ min: 1, max: 256 }),
      (level, index, width) => {
        expect(parseTilePath(tilePath(level, index, width))).toEqual({ level, index, width });
      },
    ),
  );
  const wrong = [
    'tile/0/x000/067',
    'tile/0/67',
    'tile/0/067.p/256',
    'tile/0/067.p/0',
    'tile/64/067',
    'tile/0/../067',
  ];
  expect(wrong.map((path) => parseTilePath(path))).toEqual(wrong.map(() => undefined));
});

test('entries lie in a tile with their length as u16 in front of each', () => {
  const tile = encodeEntries(['', 'a', 'x'.repeat(65_535)].map((text) => Buffer.from(text)));
  expect(tile).toHaveLength(2 + 3 + 2 + 65_535);
  expect(tile.subarray(0, 8).toString('latin1')).toBe('\0\0\0\x01a\xff\xffx');
  expect(() => encodeEntries([Buffer.alloc(65_536)])).toThrow('at most 65535 bytes');
});
