import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { BLOCK_BYTES, SourceHealth } from '#libs/entropy';
import { Delivery } from './delivery.js';

const DAY_MS = 86_400_000;
const good = (blocks = 1): Buffer => randomBytes(blocks * BLOCK_BYTES);
const bad = (blocks = 1): Buffer => Buffer.alloc(blocks * BLOCK_BYTES, 7);

class Story {
  now = 0;
  boot = 1n;
  readonly delivery = new Delivery(new SourceHealth('collector-1'));

  get standing(): string {
    return this.delivery.standing(this.boot);
  }

  /** A packet, a second after the one before: within a window all of it is judged. */
  take(data: Buffer): string[] {
    this.now += 1000;
    return this.delivery.judge(this.boot, data, this.now);
  }
}

describe('what a collector delivers', () => {
  test('is good while it passes, in pieces of any size', () => {
    const story = new Story();
    for (const size of [1, 100, 1376, 8191, 8193, 65_536, 1_000_000]) {
      expect(story.take(randomBytes(size))).toEqual([]);
    }
    expect(story.standing).toBe('good');
  });

  test('is doubtful with the first block that fails, also where it comes in pieces', () => {
    const story = new Story();
    const pieces = Array.from({ length: 6 }, () => story.take(Buffer.alloc(1376, 7)));
    expect(pieces.slice(0, 5)).toEqual([[], [], [], [], []]);
    expect(pieces[5]).toEqual(expect.arrayContaining(['rct', 'apt']));
    expect(story.standing).toBe('doubtful');
  });

  test('is good again after a start-up that is twice as long with each failing block', () => {
    const story = new Story();
    for (const failures of [1, 2, 3]) {
      story.take(bad());
      story.take(good(2 ** failures - 1));
      expect(story.standing).toBe('doubtful');
      story.take(good());
      expect(story.standing).toBe('good');
    }
  });

  test('is refused at the tenth failing block of a day, until its collector begins a new run and passes a long start-up', () => {
    const story = new Story();
    story.take(bad(9));
    expect(story.standing).toBe('doubtful');
    story.take(bad());
    story.take(good(54)); // up to the end of the window
    expect(story.standing).toBe('refused');
    expect(story.delivery.standing(0n)).toBe('refused');
    story.boot++;
    expect(story.standing).toBe('doubtful');
    for (let i = 0; i < 16; i++) {
      expect(story.standing).toBe('doubtful');
      story.take(good(64));
    }
    expect(story.standing).toBe('good');
    story.take(bad());
    expect(story.standing).toBe('refused'); // still the same day
  });

  test('is judged by what failed within a day, no more', () => {
    const story = new Story();
    story.take(bad(9));
    story.now += DAY_MS;
    story.take(bad());
    expect(story.standing).toBe('doubtful');
    story.take(good(2));
    expect(story.standing).toBe('good');
  });

  test('is looked at for half a mebibyte a second, however much comes', () => {
    const story = new Story();
    const tests = story.delivery.judge(1n, Buffer.concat([good(64), bad()]), 0);
    expect(tests).toEqual([]);
    expect(story.delivery.judge(1n, bad(), 999)).toEqual([]);
    expect(story.delivery.judge(1n, bad(), 1000)).not.toEqual([]);
  });
});
