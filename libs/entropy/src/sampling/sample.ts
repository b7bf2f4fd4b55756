/**
 * A drawing from entropy whose appetite is known only when it is over, since rejection takes as many bits as
 * it takes.
 *
 *   sample = integers({ count: 3, min: 1, max: 6 })
 *   fewer than sample.most bytes at hand? refuse: nothing is taken
 *   value = draw(sample, take)        takes sample.likely bytes, then small steps; never waits
 *
 * `most` is exceeded with probability below 2^-64, so a drawing that was let in has all it wants, and takes
 * little more than it needs. From bytes that are not random, such as a constant, it would read without end: it
 * ends at `most` instead. Bytes that were looked at are spent, also if the drawing should fail: what is known
 * to lead to many rejections is no longer uniform.
 */
import { Bits } from './bits.js';

export interface Sample<T> {
  /** Bytes taken at once: what is needed on average. */
  readonly likely: number;
  /** Bytes that must be at hand before the drawing begins, and the most that it takes: far more than it needs. */
  readonly most: number;
  /** A pure function of the bits that it reads. */
  draw(bits: Bits): T;
}

/** A drawing needed more than `most` bytes, which random bytes do not lead to; nothing beyond it was taken. */
export class OverdrawnError extends Error {
  constructor(readonly most: number) {
    super(
      `a drawing was not done after its ${most} bytes: the chance of that is below 2^-64 with random bytes`,
    );
    this.name = 'OverdrawnError';
  }
}

/**
 * Draws `sample`. What is left of the bytes taken, less than 1 in 64, is wiped and lost.
 *
 * @param take gives the next `count` bytes for good, at once; what it throws goes through.
 * @throws {OverdrawnError} before more than `sample.most` bytes are taken.
 */
export function draw<T>(sample: Sample<T>, take: (count: number) => Uint8Array): T {
  let left = sample.most;
  const bits = new Bits((count) => {
    if (count > left) throw new OverdrawnError(sample.most);
    left -= count;
    return take(count);
  }, sample.likely);
  try {
    return sample.draw(bits);
  } finally {
    bits.wipe();
  }
}

/**
 * How many bytes it takes until `successes` trials of `bits` bits succeed, each with probability at least
 * `acceptance`.
 *
 * `most`: by Hoeffding n trials hold fewer successes with probability at most exp(-2 (n p - s)^2 / n); this n
 * makes it 2^-64.
 */
export function demand(
  successes: number,
  bits: number,
  acceptance: number,
): { likely: number; most: number } {
  const likely = wholeBytes((successes * bits) / acceptance / 8);
  const slack = Math.sqrt((64 * Math.LN2) / 2);
  const root = (slack + Math.sqrt(slack ** 2 + 4 * acceptance * successes)) / (2 * acceptance);
  const most = Math.max(likely, Math.ceil((Math.ceil(root ** 2) * bits) / 8)) + Bits.step(likely);
  return { likely, most };
}

/**
 * A mean in whole bytes: rounded down, since a byte too few can be taken and one too many is lost; up when it
 * is below 1.
 */
export function wholeBytes(mean: number): number {
  return mean < 1 ? Math.ceil(mean) : Math.floor(mean);
}
