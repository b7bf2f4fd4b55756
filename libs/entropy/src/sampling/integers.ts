/** `GET /api/integers`: uniform whole numbers, all different if wanted. */
import { demand } from './sample.js';
import type { Sample } from './sample.js';
import { shuffled, shuffleDemand } from './shuffle.js';
import { UniformRange } from './uniform-range.js';

export interface IntegersOptions {
  readonly count: number;
  /** Smallest and largest number, both included: safe integers. */
  readonly min: number;
  readonly max: number;
  /** No number twice. */
  readonly unique?: boolean;
}

/**
 * @throws {RangeError} when the range is not one of safe integers, or has fewer than `count` numbers for
 * `unique`.
 */
export function integers({ count, min, max, unique = false }: IntegersOptions): Sample<number[]> {
  const range = new UniformRange(min, max);
  const size = max - min + 1; // rounded above 2^53, where it does not matter
  if (!unique) {
    return {
      ...demand(count, range.bits, range.acceptance),
      draw: (bits) => range.draw(bits, count),
    };
  }
  if (count > size) throw new RangeError(`there are only ${size} different numbers from ${min} to ${max}`);
  if (size < 2 * count) {
    return { ...shuffleDemand(size, count), draw: (bits) => shuffled(bits, min, size, count) };
  }
  // Less than half of the range: what came before is drawn again.
  return {
    ...demand(count, range.bits, range.acceptance * (1 - (count - 1) / size)),
    draw: (bits) => {
      const values = new Set<number>();
      while (values.size < count) values.add(range.drawOne(bits));
      return [...values];
    },
  };
}
