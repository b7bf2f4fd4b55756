/**
 * What a tally says of its bytes, beside what good bytes would give, and in words.
 *
 * Each statistic is judged by z, its distance in standard deviations from what is expected of uniform,
 * independent bytes.
 */
import { onesOf } from '../health/bias.js';
import { chiSquareOf } from '../health/chi-square.js';
import type { Tally } from './tally.js';

export interface Statistic {
  readonly value: number;
  /** What uniform bytes give on average. */
  readonly expected: number;
  /** In words. */
  readonly verdict: string;
}

export interface Statistics {
  /** Share of bits that are 1. */
  readonly ones: Statistic;
  /** Pearson's chi-square of the byte values, 255 degrees of freedom. */
  readonly chiSquare: Statistic;
  /** Correlation of each byte with the next one, -1 to 1. */
  readonly serialCorrelation: Statistic;
  /** Four times the share of points (4 bytes each) within the quarter circle. */
  readonly monteCarloPi: Statistic;
  /** Bits of min-entropy a byte by the most common value estimate, SP 800-90B 6.3.1: a lower bound at 99.5 %. */
  readonly minEntropy: Statistic;
}

/** Of 8 KiB or more: for less, the normal approximations of the distributions are too coarse. */
export function statisticsOf(tally: Tally): Statistics {
  const judge = (z: number, limits: Limits = TWO_SIDED) => verdict(Math.abs(z), limits);
  const ones = onesOf(tally.counts) / (8 * tally.bytes);
  const chi = chiSquareOf(tally.counts, tally.bytes);
  const correlation = serialCorrelationOf(tally);
  const pi = (4 * tally.inside) / tally.points;
  const most = Math.max(...tally.counts);
  return {
    ones: { value: ones, expected: 0.5, verdict: judge((ones - 0.5) * 2 * Math.sqrt(tally.bytes * 8)) },
    chiSquare: { value: chi, expected: 255, verdict: judge(normalOfChiSquare(chi, 255)) },
    serialCorrelation: {
      value: correlation,
      expected: 0,
      verdict: judge(correlation * Math.sqrt(tally.pairs)),
    },
    monteCarloPi: {
      value: pi,
      expected: Math.PI,
      verdict: judge((pi - Math.PI) / deviationOfPi(tally.points)),
    },
    minEntropy: {
      value: minEntropy(most, tally.bytes),
      expected: minEntropy(expectedMost(tally.bytes), tally.bytes),
      verdict: judge((most - tally.bytes / 256) / deviationOfCount(tally.bytes), MOST_OF_256),
    },
  };
}

/** |z| from which a value is unusual (chance 1 in 1000), and from which it is no chance any more (1 in 10^9). */
type Limits = readonly [unusual: number, wrong: number];
const TWO_SIDED: Limits = [3.29, 6.11];
/** The same for the greatest of 256 counts: of one sided tails 1 / 256. */
const MOST_OF_256: Limits = [4.47, 6.77];

function verdict(z: number, [unusual, wrong]: Limits): string {
  if (z < unusual) return 'as expected';
  if (z < wrong) return 'unusual: good bytes give this in less than 1 of 1000 windows';
  return 'not random: good bytes give this in less than 1 of 10^9 windows';
}

const DIGITS = 3;

/** The same with three digits, counted where good bytes are: all that is published. */
export function rounded(statistics: Statistics): Statistics {
  return {
    ones: round(statistics.ones, 3),
    chiSquare: round(statistics.chiSquare, 0),
    serialCorrelation: round(statistics.serialCorrelation, 3),
    monteCarloPi: round(statistics.monteCarloPi, 2),
    minEntropy: round(statistics.minEntropy, 2),
  };
}

function round({ value, expected, verdict }: Statistic, places: number): Statistic {
  const cut = (number: number): number => Number(Number(number.toPrecision(DIGITS)).toFixed(places)) + 0; // not -0
  return { value: cut(value), expected: cut(expected), verdict };
}

/** Wilson and Hilferty (1931): the cube root of a chi-square is nearly normal. */
function normalOfChiSquare(chi: number, freedom: number): number {
  const variance = 2 / (9 * freedom);
  return (Math.cbrt(chi / freedom) - (1 - variance)) / Math.sqrt(variance);
}

/** Covariance over variance; equal bytes, which have no variance, count as 1. */
function serialCorrelationOf({ bytes, counts, products, pairs }: Tally): number {
  const mean = counts.reduce((sum, count, byte) => sum + count * byte, 0) / bytes;
  const square = counts.reduce((sum, count, byte) => sum + count * byte * byte, 0) / bytes;
  const variance = square - mean * mean;
  return variance === 0 ? 1 : (products / pairs - mean * mean) / variance;
}

/** Each point is inside with p = pi / 4. */
function deviationOfPi(points: number): number {
  const p = Math.PI / 4;
  return 4 * Math.sqrt((p * (1 - p)) / points);
}

/** Standard deviation of how often one value comes. */
function deviationOfCount(bytes: number): number {
  return Math.sqrt((bytes / 256) * (1 - 1 / 256));
}

/**
 * How often the most common of 256 values comes: the greatest of 256 normal numbers is 2.83 standard
 * deviations up.
 */
function expectedMost(bytes: number): number {
  return bytes / 256 + 2.83 * deviationOfCount(bytes);
}

/** SP 800-90B 6.3.1: -log2 of the upper end of the 99 % interval of the most common value's probability. */
function minEntropy(most: number, bytes: number): number {
  const p = most / bytes;
  return -Math.log2(Math.min(1, p + 2.576 * Math.sqrt((p * (1 - p)) / (bytes - 1))));
}
