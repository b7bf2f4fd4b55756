import { createCipheriv, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { QUALITY_WINDOW, QualityWindow } from './quality-window.js';
import { rounded, statisticsOf } from './statistics.js';
import type { Statistics } from './statistics.js';
import { Tally } from './tally.js';

function exactOf(bytes: Uint8Array, chunk = bytes.length): Statistics {
  const tally = new Tally();
  for (let at = 0; at < bytes.length; at += chunk) tally.add(bytes.subarray(at, at + chunk));
  return statisticsOf(tally);
}

/** The verdicts' first words. */
function verdictsOf(statistics: Statistics): Record<string, string> {
  return Object.fromEntries(
    Object.entries({ ...statistics }).map(([name, { verdict }]) => [name, verdict.split(':')[0] ?? '']),
  );
}

describe('the statistics', () => {
  test('find good bytes as expected, or at worst unusual', () => {
    for (let i = 0; i < 20; i++) {
      const verdicts = Object.values(verdictsOf(exactOf(randomBytes(1 << 20))));
      expect(verdicts).toHaveLength(5);
      expect(verdicts.filter((verdict) => !['as expected', 'unusual'].includes(verdict))).toEqual([]);
    }
  });

  test('scatter around the expected values as they should', () => {
    const runs = 40;
    const sums = { ones: 0, chiSquare: 0, serialCorrelation: 0, monteCarloPi: 0, minEntropy: 0 };
    let expectedMinEntropy = 0;
    for (let i = 0; i < runs; i++) {
      const statistics = exactOf(randomBytes(1 << 18), 1000);
      for (const name of Object.keys(sums) as (keyof typeof sums)[]) {
        sums[name] += statistics[name].value / runs;
      }
      expectedMinEntropy = statistics.minEntropy.expected;
    }
    // 7 standard deviations of a mean of 40
    expect(Math.abs(sums.ones - 0.5)).toBeLessThan((7 * 0.5) / Math.sqrt(runs * 2 ** 21));
    expect(Math.abs(sums.chiSquare - 255)).toBeLessThan(7 * Math.sqrt(510 / runs));
    expect(Math.abs(sums.serialCorrelation)).toBeLessThan(7 / Math.sqrt(runs * 2 ** 18));
    expect(Math.abs(sums.monteCarloPi - Math.PI)).toBeLessThan((7 * 1.642) / Math.sqrt(runs * 2 ** 16));
    expect(Math.abs(sums.minEntropy - expectedMinEntropy)).toBeLessThan(0.02);
  });

  test('are what the definitions say', () => {
    const bytes = Uint8Array.from({ length: 8192 }, (_, i) => (i % 2 === 0 ? 0 : 255));
    const { ones, chiSquare, serialCorrelation, monteCarloPi, minEntropy } = exactOf(bytes);
    expect(ones.value).toBe(0.5);
    expect(chiSquare.value).toBe((2 * (4096 - 32) ** 2 + 254 * 32 ** 2) / 32);
    expect(serialCorrelation.value).toBeCloseTo(-1, 3);
    expect(monteCarloPi.value).toBe(4); // every point is (255/65536, 255/65536)
    expect(minEntropy.value).toBeCloseTo(-Math.log2(0.5 + 2.576 * Math.sqrt(0.25 / 8191)), 12);
  });

  test('do not depend on how the bytes are cut, but for the points', () => {
    const bytes = randomBytes(100_000);
    const whole = exactOf(bytes);
    expect(exactOf(bytes, 7)).toEqual({ ...whole, monteCarloPi: expect.anything() as unknown });
    expect(exactOf(bytes, 4000)).toEqual(whole);
  });

  const cases: [string, () => Uint8Array, string[]][] = [
    [
      'zeros',
      () => Buffer.alloc(65_536),
      ['ones', 'chiSquare', 'serialCorrelation', 'monteCarloPi', 'minEntropy'],
    ],
    [
      'hexadecimal',
      () => Buffer.from(randomBytes(32_768).toString('hex')),
      ['ones', 'chiSquare', 'minEntropy'],
    ],
    [
      'a lowest bit that is 1 in 58 %',
      () => randomBytes(262_144).map((b) => b | (Math.random() < 0.16 ? 1 : 0)),
      ['ones'],
    ],
    ['a counter', () => Uint8Array.from({ length: 65_536 }, (_, i) => i), ['chiSquare', 'serialCorrelation']],
    ['a smoothed source', () => smoothed(randomBytes(262_144)), ['serialCorrelation']],
    [
      '10 % zeros',
      () => randomBytes(65_536).map((b) => (Math.random() < 0.1 ? 0 : b)),
      ['minEntropy', 'chiSquare'],
    ],
  ];
  test.each(cases)('say of %s that it is not random', (_, bytes, names) => {
    const verdicts = verdictsOf(exactOf(bytes()));
    for (const name of names) expect(verdicts).toMatchObject({ [name]: 'not random' });
  });
});

describe('a window', () => {
  const empty = { bytes: 0, statistics: undefined };

  test('is reported when it is full, and stays until the next one is full', () => {
    const quality = new QualityWindow(65_536);
    const update = (bytes: Uint8Array): void => {
      for (let at = 0; at < bytes.length; at += 1024) quality.update(bytes.subarray(at, at + 1024));
    };
    update(Buffer.alloc(65_535));
    expect(quality.report).toMatchObject(empty);
    update(Buffer.alloc(1));
    const zeros = quality.report;
    expect(zeros.bytes).toBe(65_536);
    expect(zeros.statistics?.ones.value).toBe(0);
    update(randomBytes(65_535));
    expect(quality.report).toBe(zeros);
    update(randomBytes(1));
    expect(verdictsOf(quality.report.statistics ?? exactOf(Buffer.alloc(1)))['ones']).not.toBe('not random');
  });

  test('is of a mebibyte', () => {
    const quality = new QualityWindow();
    quality.update(Buffer.alloc(1_048_575));
    expect(quality.report).toMatchObject(empty);
    quality.update(Buffer.alloc(1));
    expect(quality.report.bytes).toBe(1_048_576);
  });

  test('has three digits, and no minus before 0', () => {
    for (let i = 0; i < 20; i++) {
      const { ones, chiSquare, serialCorrelation, monteCarloPi, minEntropy } = rounded(
        exactOf(randomBytes(65_536)),
      );
      const texts = [ones, chiSquare, serialCorrelation, monteCarloPi, minEntropy].map(
        ({ value }) => `${value}`,
      );
      for (const text of texts) expect(text.replaceAll(/^-?0?\.?0*|\./g, '').length).toBeLessThanOrEqual(3);
      expect(`${serialCorrelation.value}`).toMatch(/^(0|-?0\.\d{1,3})$/);
      expect(Object.is(serialCorrelation.value, -0)).toBe(false);
    }
  });

  test('cannot be solved for the four bytes that somebody was not served', () => {
    const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 3), Buffer.alloc(16)); // the same in every run
    const stream = (count: number): Buffer => cipher.update(Buffer.alloc(count));
    const bytes = stream(QUALITY_WINDOW);
    const at = 700_000;
    const guess = (four: Uint8Array): Statistics => {
      const guessed = Buffer.from(bytes);
      guessed.set(four, at);
      return exactOf(guessed);
    };
    const truth = exactOf(bytes);
    const guesses = Array.from({ length: 200 }, () => guess(stream(4)));
    const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
    // Exact statistics tell the true four bytes from every other; those that are published tell them from next to none.
    expect(guesses.filter((one) => same(one, truth))).toHaveLength(0);
    expect(guesses.filter((one) => same(rounded(one), rounded(truth))).length).toBeGreaterThan(150);
  });
});

/** Each byte leans to the one before it. */
function smoothed(bytes: Uint8Array): Uint8Array {
  let last = 0;
  return bytes.map((byte) => (last = Math.random() < 0.05 ? last : byte));
}
