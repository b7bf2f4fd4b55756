/** `GET /api/permutation`: the numbers from 0 to n - 1, each order equally likely. */
import type { Sample } from './sample.js';
import { shuffled, shuffleDemand } from './shuffle.js';

/** @param n at least 1, below 2^25. */
export function permutation({ n }: { readonly n: number }): Sample<number[]> {
  return { ...shuffleDemand(n, n), draw: (bits) => shuffled(bits, 0, n, n) };
}
