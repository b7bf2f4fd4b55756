import { randomBytes, randomInt } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { BLOCK_BYTES, BlockCutter } from './block.js';

/** All blocks of `stream` in chunks of `size`, copied. */
function blocksOf(cutter: BlockCutter, stream: Buffer, size: () => number): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 0; at < stream.length;) {
    const end = Math.min(stream.length, at + size());
    for (const block of cutter.cut(stream.subarray(at, end))) blocks.push(Buffer.from(block));
    at = end;
  }
  return blocks;
}

describe('BlockCutter', () => {
  test.each([1, 15, 1000, 8192, 65_536, 100_000])('gives the same blocks for chunks of %d bytes', (size) => {
    const stream = randomBytes(5 * BLOCK_BYTES + 77);
    const cutter = new BlockCutter();
    const blocks = blocksOf(cutter, stream, () => size);
    expect(blocks.map((block) => block.length)).toEqual([8192, 8192, 8192, 8192, 8192]);
    expect(Buffer.concat(blocks)).toEqual(stream.subarray(0, 5 * BLOCK_BYTES));
    expect(cutter.held).toBe(77);
  });

  test('gives every byte once and in order, whatever the chunks', () => {
    const stream = randomBytes(40 * BLOCK_BYTES);
    const cutter = new BlockCutter();
    const blocks = blocksOf(cutter, stream, () => 1 + randomInt(20_000));
    expect(Buffer.concat(blocks)).toEqual(stream);
    expect(cutter.held).toBe(0);
  });

  test('leaves out the rest of a chunk whose blocks are not asked for', () => {
    const cutter = new BlockCutter();
    for (const block of cutter.cut(randomBytes(3 * BLOCK_BYTES + 5))) {
      expect(block.length).toBe(BLOCK_BYTES);
      break;
    }
    expect(cutter.held).toBe(0);
  });

  test('drops what waits, and wipes a block of its own once the next is asked for', () => {
    const cutter = new BlockCutter();
    expect([...cutter.cut(randomBytes(100))]).toEqual([]);
    expect([cutter.drop(), cutter.held, cutter.drop()]).toEqual([100, 0, 0]);
    blocksOf(cutter, randomBytes(10), () => 10);
    const kept = [...cutter.cut(randomBytes(BLOCK_BYTES))];
    expect(kept).toHaveLength(1);
    expect(kept[0]?.subarray(10)).toEqual(Buffer.alloc(BLOCK_BYTES - 10));
  });
});
