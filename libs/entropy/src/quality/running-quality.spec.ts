import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { RunningQuality } from './running-quality.js';
import type { QualityReport } from './running-quality.js';

function qualityOf(bytes: Uint8Array, chunk = bytes.length): QualityReport {
  const quality = new RunningQuality();
  for (let at = 0; at < bytes.length; at += chunk) quality.update(bytes.subarray(at, at + chunk));
  return quality.report();
}

/** The verdicts' first words. */
function verdictsOf({ statistics }: QualityReport): Record<string, string> {
  return Object.fromEntries(
    Object.entries(statistics ?? {}).map(([name, { verdict }]) => [
      name,
      String(verdict).split(':')[0] ?? '',
    ]),
  );
}

describe('RunningQuality', () => {
  test('finds good bytes as expected, or at worst unusual', () => {
    for (let i = 0; i < 20; i++) {
      const verdicts = Object.values(verdictsOf(qualityOf(randomBytes(1 << 20))));
      expect(verdicts).toHaveLength(5);
      expect(verdicts.filter((verdict) => !['as expected', 'unusual'].includes(verdict))).toEqual([]);
    }
  });

  test('gives values that scatter around the expected ones as they should', () => {
    const runs = 40;
    const sums = { ones: 0, chiSquare: 0, serialCorrelation: 0, monteCarloPi: 0, minEntropy: 0 };
    let expectedMinEntropy = 0;
    for (let i = 0; i < runs; i++) {
      const { statistics } = qualityOf(randomBytes(1 << 18), 1000);
      if (statistics === undefined) throw new Error('no statistics');
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

  test('computes what the definitions say', () => {
    const bytes = Uint8Array.from({ length: 8192 }, (_, i) => (i % 2 === 0 ? 0 : 255));
    const { statistics } = qualityOf(bytes);
    expect(statistics?.ones.value).toBe(0.5);
    expect(statistics?.chiSquare.value).toBe((2 * (4096 - 32) ** 2 + 254 * 32 ** 2) / 32);
    expect(statistics?.serialCorrelation.value).toBeCloseTo(-1, 3);
    expect(statistics?.monteCarloPi.value).toBe(4); // every point is (255/65536, 255/65536)
    expect(statistics?.minEntropy.value).toBeCloseTo(-Math.log2(0.5 + 2.576 * Math.sqrt(0.25 / 8191)), 12);
  });

  test('does not depend on how the bytes are cut, but for the points', () => {
    const bytes = randomBytes(100_000);
    const whole = qualityOf(bytes).statistics;
    const pieces = qualityOf(bytes, 7).statistics;
    expect(pieces?.ones).toEqual(whole?.ones);
    expect(pieces?.chiSquare).toEqual(whole?.chiSquare);
    expect(pieces?.serialCorrelation).toEqual(whole?.serialCorrelation);
    expect(pieces?.minEntropy).toEqual(whole?.minEntropy);
    expect(qualityOf(bytes, 4000).statistics).toEqual(whole);
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
  test.each(cases)('says of %s that it is not random', (_, bytes, names) => {
    const verdicts = verdictsOf(qualityOf(bytes()));
    for (const name of names) expect(verdicts).toMatchObject({ [name]: 'not random' });
  });

  test('forgets what is more than a window ago', () => {
    const quality = new RunningQuality(65_536);
    quality.update(Buffer.alloc(100_000));
    expect(verdictsOf(quality.report())['chiSquare']).toBe('not random');
    quality.update(randomBytes(65_536));
    expect(verdictsOf(quality.report())['chiSquare']).not.toBe('not random');
    expect(quality.report().bytes).toBeLessThanOrEqual(65_536);
    expect(quality.report().bytes).toBeGreaterThan(32_767);
  });

  test('says when it has too few bytes to tell, and nothing before the first ones', () => {
    expect(new RunningQuality().report()).toMatchObject({ bytes: 0, statistics: undefined });
    const report = qualityOf(randomBytes(8191));
    expect(Object.values(verdictsOf(report))).toEqual(Array(5).fill('too few bytes to tell'));
    expect(Object.values(verdictsOf(qualityOf(randomBytes(8192))))).not.toContain('too few bytes to tell');
  });

  test('takes chunks of any size', () => {
    const quality = new RunningQuality(1000);
    for (const size of [0, 1, 2, 3, 5000, 0, 7]) quality.update(randomBytes(size));
    expect(quality.report().bytes).toBeLessThanOrEqual(1000);
  });
});

/** Each byte leans to the one before it. */
function smoothed(bytes: Uint8Array): Uint8Array {
  let last = 0;
  return bytes.map((byte) => (last = Math.random() < 0.05 ? last : byte));
}
