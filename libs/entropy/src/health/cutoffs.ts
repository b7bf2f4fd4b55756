/**
 * Cutoffs of the two continuous health tests of SP 800-90B 4.4, computed exactly from their formulas.
 *
 * A false-alarm rate alpha is given as its exponent: 40 means 2^-40. Ten years at 30 MB/s are 2^53.1 bytes: the rates
 * are chosen so that all tests together raise one false alarm in that time at most (docs/health-tests.md has the table,
 * false-alarms.spec.ts adds it up).
 */
import type { Cutoffs } from './tier.js';

/** Exponents for the repetition count, per byte, and for the adaptive proportion, per window. */
const REPETITION_ALPHA = { soft: 60, hard: 80 };
const PROPORTION_ALPHA = { soft: 52, hard: 64 };

/** Window of the adaptive proportion test for samples that are not binary, 4.4.2. */
export const PROPORTION_WINDOW = 512;

/** Both tiers of the repetition count at `entropy` bits of min-entropy a byte. */
export function repetitionCutoffs(entropy: number): Cutoffs {
  const { soft, hard } = REPETITION_ALPHA;
  return { soft: repetitionCutoff(soft, entropy), hard: repetitionCutoff(hard, entropy) };
}

/** Both tiers of the adaptive proportion at `entropy` bits of min-entropy a byte. */
export function proportionCutoffs(entropy: number): Cutoffs {
  const { soft, hard } = PROPORTION_ALPHA;
  return { soft: proportionCutoff(soft, entropy), hard: proportionCutoff(hard, entropy) };
}

/**
 * Length of a run of equal samples that fails the repetition count test, 4.4.1: 1 + ceil(-log2(alpha) / H).
 *
 * @param alpha exponent of the false-alarm rate.
 * @param entropy H, bits of min-entropy a sample.
 */
export function repetitionCutoff(alpha: number, entropy: number): number {
  return 1 + Math.ceil(alpha / entropy);
}

/**
 * Occurrences of a window's first sample that fail the adaptive proportion test, 4.4.2: 2 + CRITBINOM(W - 1,
 * 2^-H, 1 - alpha), at most W.
 *
 * The standard writes 1 + CRITBINOM(W, ...). That counts the first sample, which is always equal to itself,
 * among the random ones; at H = 8 its rate is 2^-28.2 where 2^-30 was asked for. This is the corrected form
 * (jitterentropy uses it).
 */
export function proportionCutoff(alpha: number, entropy: number, window = PROPORTION_WINDOW): number {
  return Math.min(window, 2 + criticalBinomial(window - 1, 2 ** -entropy, alpha));
}

/**
 * CRITBINOM(n, p, 1 - 2^-alpha): the least k for which at most 2^-alpha of Binomial(n, p) lies above k.
 *
 * In whole numbers, without rounding: a double p is m / d with d a power of two, so that each probability is
 * a whole multiple of d^-n.
 */
export function criticalBinomial(n: number, p: number, alpha: number): number {
  const { m, d } = fraction(p);
  const all = d ** BigInt(n);
  let above = 0n;
  let term = m ** BigInt(n); // P(X = k) * all, for k = n
  let k = n;
  while ((above + term) << BigInt(alpha) <= all) {
    above += term;
    term = (term * BigInt(k) * (d - m)) / (BigInt(n - k + 1) * m);
    k--;
  }
  return k;
}

/** `p` in (0, 1] as the fraction m / d that the double is. */
function fraction(p: number): { m: bigint; d: bigint } {
  let [m, d] = [p, 1n];
  while (!Number.isInteger(m)) {
    m *= 2;
    d *= 2n;
  }
  return { m: BigInt(m), d };
}
