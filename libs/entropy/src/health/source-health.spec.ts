import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { SeenBytes } from './seen-bytes.js';
import { SourceHealth, START_UP_BYTES } from './source-health.js';
import type { HealthVerdict } from './source-health.js';

/** A source that has passed its start-up. */
function ready(seen = new SeenBytes(), name = 'a'): SourceHealth {
  const health = new SourceHealth(name, seen);
  expect(health.test(randomBytes(START_UP_BYTES))).toEqual({ outcome: 'pass', failures: [] });
  return health;
}

/** The worst verdict while `bytes` come in chunks of `size`, and all failures. */
function feed(health: SourceHealth, bytes: Uint8Array, size: number): HealthVerdict {
  const rank = ['pass', 'start_up', 'soft', 'hard'] as const;
  let outcome: HealthVerdict['outcome'] = 'pass';
  const failures = new Set<HealthVerdict['failures'][number]>();
  for (let at = 0; at < bytes.length; at += size) {
    const verdict = health.test(bytes.subarray(at, at + size));
    if (rank.indexOf(verdict.outcome) > rank.indexOf(outcome)) outcome = verdict.outcome;
    for (const failure of verdict.failures) failures.add(failure);
    if (outcome === 'hard') break;
  }
  return { outcome, failures: [...failures] };
}

/** `count` equal bytes in the middle of random ones that do not continue the run. */
function run(count: number): Buffer {
  return Buffer.concat([
    randomBytes(100),
    Buffer.from([6]),
    Buffer.alloc(count, 7),
    Buffer.from([8]),
    randomBytes(100),
  ]);
}

describe('SourceHealth', () => {
  test('passes megabytes of good bytes in chunks of any size', () => {
    const health = ready();
    for (const size of [1 << 20, 65_536, 8192, 1000, 512, 17]) {
      expect(feed(health, randomBytes(Math.min(1 << 20, size * 2000)), size)).toEqual({
        outcome: 'pass',
        failures: [],
      });
    }
  });

  describe('start-up', () => {
    test('releases nothing before 8192 bytes in a row have passed', () => {
      const health = new SourceHealth('a');
      for (let i = 0; i < 7; i++) expect(health.test(randomBytes(1024)).outcome).toBe('start_up');
      expect(health.startingUp).toBe(true);
      expect(health.test(randomBytes(1024)).outcome).toBe('pass');
      expect(health.startingUp).toBe(false);
    });

    test('begins anew after a soft failure within it, not after one behind it', () => {
      const health = new SourceHealth('a');
      health.test(randomBytes(8000));
      expect(health.test(run(6)).outcome).toBe('soft');
      expect(health.test(randomBytes(8000)).outcome).toBe('start_up');
      expect(health.test(randomBytes(200)).outcome).toBe('pass');
      expect(health.test(run(6)).outcome).toBe('soft');
      expect(health.test(randomBytes(200)).outcome).toBe('pass');
    });

    test('begins anew after a hard failure, again and again', () => {
      const health = ready();
      for (let i = 0; i < 3; i++) {
        expect(health.test(Buffer.alloc(8192)).outcome).toBe('hard');
        expect(health.test(randomBytes(8191)).outcome).toBe('start_up');
        expect(health.test(randomBytes(64)).outcome).toBe('pass');
      }
    });

    test('can be left out for bytes of sources that passed theirs', () => {
      expect(new SourceHealth('mixed', new SeenBytes(), 0).test(randomBytes(64)).outcome).toBe('pass');
    });
  });

  describe('repetition count', () => {
    test.each([
      [5, 'pass'],
      [6, 'soft'],
      [8, 'soft'],
      [9, 'hard'],
    ])('a run of %d is a %s', (count, outcome) => {
      expect(ready().test(run(count))).toEqual({ outcome, failures: outcome === 'pass' ? [] : ['rct'] });
    });

    test('goes on over the border of chunks', () => {
      const health = ready();
      expect(health.test(Buffer.from([1, 7, 7, 7])).outcome).toBe('pass');
      expect(health.test(Buffer.from([7, 7, 7, 1])).outcome).toBe('soft');
      expect(health.test(Buffer.from([1, 1, 1, 2])).outcome).toBe('pass');
    });
  });

  describe('adaptive proportion', () => {
    /** A window that starts with 7 and holds it `count` times, never twice in a row. */
    function window(count: number): Buffer {
      const bytes = randomBytes(512).map((byte) => (byte === 7 ? 8 : byte));
      for (let i = 0; i < count; i++) bytes[i * 2] = 7;
      return Buffer.from(bytes);
    }

    test.each([
      [19, 'pass'],
      [20, 'soft'],
      [25, 'soft'],
      [26, 'hard'],
    ])('%d of one byte in a window is a %s', (count, outcome) => {
      const expected = { outcome, failures: outcome === 'pass' ? [] : ['apt'] };
      expect(ready().test(window(count))).toEqual(expected);
      expect(feed(ready(), window(count), 5)).toEqual(expected);
    });
  });

  const counter8 = Buffer.from(Uint8Array.from({ length: 65_536 }, (_, i) => i));
  const counter16 = Buffer.from(new Uint16Array(32_768).map((_, i) => i).buffer);
  const counter32 = Buffer.from(new Uint32Array(16_384).map((_, i) => i).buffer);

  const broken: [string, () => Uint8Array, string][] = [
    ['a stuck byte', () => Buffer.alloc(65_536, 0xee), 'rct'],
    ['a counter of 8 bits', () => counter8, 'chi_square'],
    ['a counter of 16 bits', () => counter16, 'apt'],
    ['a counter of 32 bits', () => counter32, 'apt'],
    [
      'int32 of one byte each',
      () => randomBytes(65_536).map((byte, i) => (i % 4 === 0 ? byte : 0)),
      'chi_square',
    ],
    [
      'int32 of two bytes each',
      () => randomBytes(65_536).map((byte, i) => (i % 4 < 2 ? byte : 0)),
      'chi_square',
    ],
    ['10 % zeros', () => randomBytes(65_536).map((byte) => (Math.random() < 0.1 ? 0 : byte)), 'chi_square'],
    ['hexadecimal', () => Buffer.from(randomBytes(32_768).toString('hex')), 'text'],
    ['base64', () => Buffer.from(randomBytes(49_152).toString('base64')), 'text'],
    ['a JSON array', () => Buffer.from(JSON.stringify([...randomBytes(20_000)])), 'text'],
    ['an HTML page', () => Buffer.from('<!doctype html>Bad gateway'.padEnd(65_536, ' ')), 'text'],
    ['a stuck top bit at 0', () => randomBytes(65_536).map((byte) => byte & 0x7f), 'text'],
    ['a stuck top bit at 1', () => randomBytes(65_536).map((byte) => byte | 0x80), 'stuck_bit'],
    ['a stuck middle bit', () => randomBytes(65_536).map((byte) => byte & 0xef), 'stuck_bit'],
    ['256 bytes over and over', () => Buffer.alloc(65_536, randomBytes(256)), 'repeated_block'],
    ['4096 bytes over and over', () => Buffer.alloc(65_536, randomBytes(4096)), 'repeated_block'],
  ];

  test.each(broken)('finds %s in one chunk of 8192 bytes, and says so', (_, bytes, failure) => {
    const { outcome, failures } = ready().test(bytes().subarray(0, 8192));
    expect(outcome).toBe('hard');
    expect(failures).toContain(failure);
  });

  describe.each([65_536, 1000, 100, 32])('in chunks of %d bytes', (size) => {
    test.each(broken)('%s never gets through the start-up', (_, bytes) => {
      const health = new SourceHealth('a');
      const all = bytes();
      const outcomes = new Set<string>();
      for (let at = 0; at < all.length; at += size) {
        outcomes.add(health.test(all.subarray(at, at + size)).outcome);
      }
      expect(outcomes).toContain('hard');
      expect(outcomes).not.toContain('pass');
    });

    test.each(broken)('%s is quarantined within 8192 bytes', (_, bytes) => {
      expect(feed(ready(), bytes().subarray(0, Math.max(size, 8192)), size).outcome).toBe('hard');
    });
  });

  test('drops a short text at once, and very short ones when they are 64 bytes together', () => {
    expect(ready().test(Buffer.from(randomBytes(32).toString('hex'))).failures).toEqual(['text']);
    expect(feed(ready(), Buffer.from(randomBytes(60).toString('hex')), 9).failures).toContain('text');
  });

  describe('repetitions', () => {
    test('of one aligned 16-byte block in a chunk', () => {
      const chunk = randomBytes(65_536);
      chunk.copy(chunk, 48_000, 160, 176);
      expect(ready().test(chunk)).toEqual({ outcome: 'hard', failures: ['repeated_block'] });
    });

    test('of a chunk that came before, at another offset and length too', () => {
      const chunk = randomBytes(8192);
      const health = ready();
      expect(health.test(chunk).outcome).toBe('pass');
      for (let i = 0; i < 100; i++) expect(health.test(randomBytes(8192)).outcome).toBe('pass');
      expect(health.test(chunk)).toEqual({ outcome: 'hard', failures: ['repeated_fetch'] });
      const shifted = Buffer.concat([randomBytes(77), chunk.subarray(1001), randomBytes(3)]);
      expect(health.test(shifted).failures).toEqual(['repeated_fetch']);
    });

    test('of the shortest chunk that can be recognised, 16 bytes', () => {
      const chunk = randomBytes(16);
      const health = ready();
      expect(health.test(chunk).outcome).toBe('pass');
      expect(health.test(chunk).failures).toEqual(['repeated_fetch']);
    });
  });

  describe('two sources', () => {
    test('that deliver the same bytes are found out, and told which', () => {
      const seen = new SeenBytes();
      const [a, b] = [ready(seen, 'a'), ready(seen, 'b')];
      const stream = randomBytes(65_536);
      expect(a.test(stream).outcome).toBe('pass');
      expect(b.test(stream.subarray(12_345, 20_000))).toEqual({
        outcome: 'hard',
        failures: ['duplicate_source'],
        copyOf: 'a',
      });
    });

    test('that deliver different bytes are not', () => {
      const seen = new SeenBytes();
      const [a, b] = [ready(seen, 'a'), ready(seen, 'b')];
      for (let i = 0; i < 50; i++) {
        expect(a.test(randomBytes(8192)).outcome).toBe('pass');
        expect(b.test(randomBytes(8192)).outcome).toBe('pass');
      }
    });
  });
});
