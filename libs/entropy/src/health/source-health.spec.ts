import { randomBytes, randomInt } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { AlteredCopies } from './altered-copies.js';
import { Anchors } from './anchors.js';
import { BLOCK_BYTES, BlockCutter } from './block.js';
import { SeenBytes } from './seen-bytes.js';
import { ShortRepeats } from './short-repeats.js';
import { SourceHealth } from './source-health.js';
import type { Judgement } from './source-health.js';

const good = (): Buffer => randomBytes(BLOCK_BYTES);
const PASS: Judgement = { tier: 'pass', failures: [], window: BLOCK_BYTES };
const fails = (tier: Judgement['tier'], ...failures: Judgement['failures']): Judgement => ({
  tier,
  failures,
  window: BLOCK_BYTES,
});

/** The worst of the blocks of `bytes`, and all failures; ends with the first hard one. */
function feed(
  health: SourceHealth,
  bytes: Buffer,
  size = bytes.length,
): Omit<Judgement, 'window'> & { blocks: number } {
  const cutter = new BlockCutter();
  const failures = new Set<Judgement['failures'][number]>();
  let tier: Judgement['tier'] = 'pass';
  let blocks = 0;
  for (let at = 0; at < bytes.length; at += size) {
    for (const block of cutter.cut(bytes.subarray(at, at + size))) {
      const judgement = health.judge(block);
      blocks++;
      for (const failure of judgement.failures) failures.add(failure);
      if (judgement.tier !== 'pass') tier = judgement.tier;
      if (tier === 'hard') return { tier, failures: [...failures], blocks };
    }
  }
  return { tier, failures: [...failures], blocks };
}

/** A good block with `count` equal bytes in it that continue no run. */
function run(count: number): Buffer {
  const block = good();
  block.fill(7, 100, 100 + count);
  block[99] = 6;
  block[100 + count] = 8;
  return block;
}

describe('SourceHealth', () => {
  test('passes megabytes of good bytes, however they come', () => {
    for (const size of [1 << 20, 65_536, 8192, 1000, 17]) {
      const health = new SourceHealth('a');
      expect(feed(health, randomBytes(Math.min(8 << 20, size * 20_000)), size)).toMatchObject({
        tier: 'pass',
        failures: [],
      });
    }
  });

  test.each([
    ['first', 0],
    ['last', 4000],
  ])('fails the next block when the %s bytes of an answer came before, whatever they are', (_, at) => {
    const health = new SourceHealth('a');
    const answer = (): Buffer => randomBytes(4016).fill(header, at, at + 16);
    const header = randomBytes(16);
    health.answered(answer());
    expect(health.judge(good())).toEqual(PASS);
    health.answered(answer());
    health.answered(randomBytes(4016));
    expect(health.judge(good())).toEqual(fails('hard', 'repeated_fetch'));
    expect(health.judge(good())).toEqual(PASS);
  });

  test('judges blocks alone', () => {
    expect(() => new SourceHealth('a').judge(randomBytes(8191))).toThrow('a block is 8192 bytes, not 8191');
  });

  describe('repetition count', () => {
    test.each([
      [8, 'pass'],
      [9, 'soft'],
      [10, 'soft'],
      [11, 'hard'],
    ] as const)('a run of %d is a %s', (count, tier) => {
      expect(new SourceHealth('a').judge(run(count))).toEqual(tier === 'pass' ? PASS : fails(tier, 'rct'));
    });

    test('goes on over the border of blocks', () => {
      const [a, b] = [good().fill(7, 8187), good().fill(7, 0, 4)];
      a[8186] = b[4] = 1;
      const health = new SourceHealth('a');
      expect([health.judge(a), health.judge(b)]).toEqual([PASS, fails('soft', 'rct')]);
    });
  });

  test.each([
    [23, 'pass'],
    [24, 'soft'],
    [26, 'soft'],
    [27, 'hard'],
  ] as const)('adaptive proportion: %d of one byte in a window is a %s', (count, tier) => {
    const block = good();
    for (let i = 512; i < 1024; i++) if (block[i] === 7) block[i] = 8;
    for (let i = 0; i < count; i++) block[512 + i * 2] = 7;
    expect(new SourceHealth('a').judge(block)).toEqual(tier === 'pass' ? PASS : fails(tier, 'apt'));
  });

  const words = (make: (i: number) => number): Buffer => {
    const bytes = Buffer.alloc(65_536);
    for (let i = 0; i < bytes.length / 4; i++) bytes.writeInt32LE(make(i), 4 * i);
    return bytes;
  };
  const map = (make: (byte: number, i: number) => number): Buffer =>
    Buffer.from(randomBytes(65_536).map(make));
  const broken: [string, () => Buffer, string][] = [
    ['a stuck byte', () => Buffer.alloc(65_536, 0xee), 'rct'],
    [
      'a counter of 8 bits',
      () => Buffer.from(Uint8Array.from({ length: 65_536 }, (_, i) => i)),
      'chi_square',
    ],
    ['a counter of 32 bits', () => words((i) => i), 'apt'],
    ['int32 of one byte each', () => map((byte, i) => (i % 4 === 0 ? byte : 0)), 'chi_square'],
    ['int32 of two bytes each', () => map((byte, i) => (i % 4 < 2 ? byte : 0)), 'chi_square'],
    ['10 % zeros', () => map((byte) => (randomInt(10) === 0 ? 0 : byte)), 'chi_square'],
    ['hexadecimal', () => Buffer.from(randomBytes(32_768).toString('hex')), 'text'],
    ['base64', () => Buffer.from(randomBytes(49_152).toString('base64')), 'text'],
    ['a JSON array', () => Buffer.from(JSON.stringify([...randomBytes(20_000)])), 'text'],
    ['an HTML page', () => Buffer.from('<!doctype html>Bad gateway'.padEnd(65_536, ' ')), 'text'],
    ['a stuck top bit at 0', () => map((byte) => byte & 0x7f), 'text'],
    ['a stuck top bit at 1', () => map((byte) => byte | 0x80), 'stuck_bit'],
    ['a stuck middle bit', () => map((byte) => byte & 0xef), 'stuck_bit'],
    ['half of all values', () => map((byte) => (byte & 0xfe) | (byte >> 7)), 'missing_value'],
    ['256 bytes over and over', () => Buffer.alloc(65_536, randomBytes(256)), 'repeated_block'],
    ['4096 bytes over and over', () => Buffer.alloc(65_536, randomBytes(4096)), 'repeated_block'],
    ['7000 bytes over and over', () => Buffer.alloc(65_536, randomBytes(7000)), 'repeated_fetch'],
  ];

  test.each(broken)('finds %s within the first two blocks, and says so', (_, bytes, failure) => {
    const { tier, failures, blocks } = feed(new SourceHealth('a'), bytes());
    expect(tier).toBe('hard');
    expect(blocks).toBeLessThanOrEqual(2);
    expect(failures).toContain(failure);
  });

  test.each([1, 15, 1000])('finds all of them in chunks of %d bytes, too', (size) => {
    for (const [, bytes] of broken) expect(feed(new SourceHealth('a'), bytes(), size).tier).toBe('hard');
  });

  test('begins its windows again after a hard failure', () => {
    const health = new SourceHealth('a');
    const half = good().fill(7, 8100);
    expect(health.judge(half).tier).toBe('hard');
    const next = good().fill(7, 0, 8); // would go on with the run
    next[8] = 1;
    expect(health.judge(next)).toEqual(PASS);
  });

  describe('repetitions', () => {
    test('of one aligned piece of 16 bytes in a block', () => {
      const block = good();
      block.copy(block, 4800, 160, 176);
      expect(new SourceHealth('a').judge(block)).toEqual(fails('hard', 'repeated_block'));
    });

    test('of a block that came before, at another offset too', () => {
      const health = new SourceHealth('a');
      const block = good();
      expect(health.judge(block)).toEqual(PASS);
      for (let i = 0; i < 100; i++) expect(health.judge(good())).toEqual(PASS);
      expect(health.judge(block)).toEqual(fails('hard', 'repeated_fetch'));
      const shifted = Buffer.concat([randomBytes(77), block.subarray(1001), randomBytes(924)]);
      expect(health.judge(shifted).failures).toEqual(['repeated_fetch']);
    });

    const swapped = (block: Buffer, size: 2 | 4, from: number): Buffer => {
      const words = Buffer.from(block).subarray(from, BLOCK_BYTES - size + from);
      return size === 2 ? words.swap16() : words.swap32();
    };
    test.each<[string, (block: Buffer) => Buffer]>([
      ['complemented', (block) => block.map((byte) => ~byte) as Buffer],
      [
        'with nibbles the other way round',
        (block) => block.map((byte) => (byte << 4) | (byte >> 4)) as Buffer,
      ],
      ['with the bytes of words of 2 the other way round', (block) => swapped(block, 2, 0)],
      ['with the bytes of words of 4 the other way round', (block) => swapped(block, 4, 0)],
      ['the same, where words begin at another place', (block) => swapped(block, 4, 3)],
      [
        'shifted by a bit',
        (block) => block.map((byte, i) => (byte << 1) | ((block[i + 1] ?? 0) >> 7)) as Buffer,
      ],
      [
        'shifted by six',
        (block) => block.map((byte, i) => (byte << 6) | ((block[i + 1] ?? 0) >> 2)) as Buffer,
      ],
    ])('of what came before, %s, at another offset too', (_, change) => {
      const [seen, anchors, block] = [new SeenBytes(), new Anchors(BLOCK_BYTES), good()];
      anchors.find(block);
      seen.recognise(block, anchors, 'a');
      const altered = new AlteredCopies(seen);
      const copy = Buffer.concat([randomBytes(77), change(block)]).subarray(0, BLOCK_BYTES);
      expect(Array.from({ length: 17 }, () => altered.test(copy))).toContain(true);
      for (let i = 0; i < 17; i++) expect(altered.test(good())).toBe(false);
    });
  });

  test('any function of the two bytes before shows in pieces of four that come twice', () => {
    const table = [...randomBytes(256).keys()].sort(() => randomInt(3) - 1);
    const tabled = (): Buffer => {
      const bytes = good();
      for (let i = 2; i < bytes.length; i += 3) {
        bytes[i] = table[(table[bytes[i - 2] ?? 0] ?? 0) ^ (bytes[i - 1] ?? 0)] ?? 0;
      }
      return bytes;
    };
    const [repeats, honest] = [new ShortRepeats(), new ShortRepeats()];
    expect(Array.from({ length: 128 }, () => repeats.test(tabled()))).toContain('soft'); // 57 on average
    for (let i = 0; i < 256; i++) expect(honest.test(good())).toBe('pass');
  });

  describe('two sources', () => {
    test('that deliver the same bytes are found out, and it says which', () => {
      const seen = new SeenBytes();
      const [a, b] = [new SourceHealth('a', seen), new SourceHealth('b', seen)];
      const stream = randomBytes(3 * BLOCK_BYTES);
      expect(feed(a, stream).tier).toBe('pass');
      expect(b.judge(stream.subarray(12_345, 12_345 + BLOCK_BYTES))).toEqual({
        ...fails('hard', 'duplicate_source'),
        copyOf: 'a',
      });
    });

    test('that deliver different bytes are not', () => {
      const seen = new SeenBytes();
      const [a, b] = [new SourceHealth('a', seen), new SourceHealth('b', seen)];
      for (let i = 0; i < 50; i++) expect([a.judge(good()), b.judge(good())]).toEqual([PASS, PASS]);
    });
  });

  describe('a source that claims fewer bits a byte', () => {
    /** Nibbles: 4 bits a byte. */
    const nibbles = (bytes: number): Buffer => Buffer.from(randomBytes(bytes).map((byte) => byte & 0x0f));

    test('passes with what it claims, and not with less', () => {
      expect(feed(new SourceHealth('a', new SeenBytes(), 4), nibbles(1 << 20))).toMatchObject({
        tier: 'pass',
        failures: [],
      });
      expect(
        feed(new SourceHealth('a', new SeenBytes(), 4), nibbles(1 << 20).map((byte) => byte & 3) as Buffer)
          .tier,
      ).toBe('hard');
      expect(feed(new SourceHealth('a'), nibbles(1 << 20)).tier).toBe('hard');
    });

    test('has cutoffs that follow from the claim: a run of 21 is a hard failure at 4 bits', () => {
      const block = nibbles(BLOCK_BYTES).fill(7, 100, 120);
      block[99] = block[120] = 1;
      expect(new SourceHealth('a', new SeenBytes(), 4).judge(block)).toEqual(fails('soft', 'rct'));
      block[120] = 7;
      block[121] = 1;
      expect(new SourceHealth('a', new SeenBytes(), 4).judge(block).tier).toBe('hard');
    });

    test('is found out when it repeats itself', () => {
      const health = new SourceHealth('a', new SeenBytes(), 4);
      const block = nibbles(BLOCK_BYTES);
      block[0] = 0xa7; // an anchor is not among its values
      expect([health.judge(block).tier, health.judge(block).failures]).toEqual(['pass', ['repeated_fetch']]);
    });
  });
});
