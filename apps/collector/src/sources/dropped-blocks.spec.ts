import { describe, expect, test } from '@jest/globals';
import { DroppedBlocks } from './dropped-blocks.js';

const MINUTE = 60_000;

describe('DroppedBlocks', () => {
  test('says the first block at once, and then once a minute how many there were meanwhile', () => {
    const blocks = new DroppedBlocks();
    const said = Array.from({ length: 121 }, (_, second) => blocks.note(['rct'], 100, second * 1000));
    expect(said.flatMap((one, second) => (one === undefined ? [] : [[second, one]]))).toEqual([
      [0, { blocks: 1, bytes: 100 }],
      [60, { blocks: 60, bytes: 6000 }],
      [120, { blocks: 60, bytes: 6000 }],
    ]);
  });

  test('says at once when a test begins to fail', () => {
    const blocks = new DroppedBlocks();
    blocks.note(['rct'], 100, 0);
    blocks.note(['rct'], 100, 1);
    expect(blocks.note(['rct', 'apt'], 100, 2)).toEqual({ blocks: 2, bytes: 200 });
    expect(blocks.note(['apt'], 100, 3)).toBeUndefined();
  });

  test('says no more when tests fail in turn', () => {
    const blocks = new DroppedBlocks();
    const said = Array.from({ length: 1000 }, (_, ms) => blocks.note([ms % 2 === 0 ? 'rct' : 'apt'], 1, ms));
    expect(said.filter((one) => one !== undefined)).toHaveLength(2);
  });

  test('says a block that fails after a long time without one', () => {
    const blocks = new DroppedBlocks();
    blocks.note(['rct'], 100, 0);
    expect(blocks.note(['rct'], 100, MINUTE)).toEqual({ blocks: 1, bytes: 100 });
  });
});
