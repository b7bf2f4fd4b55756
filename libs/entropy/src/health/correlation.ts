/**
 * Bytes that depend on bytes before them: every byte twice, (x, ~x) pairs, bytes copied from some way back.
 *
 *   neighbours   the correlation of each byte with the next, of every block
 *   pairs        equal neighbours, among the pairs that the repetition count looks at: 1023 of a block
 *   companions   after each anchor (1 byte in 256) which byte follows at distance 1, 2, ... 32
 *   distances    how far apart two anchors are, up to 4096
 *
 * Not of SP 800-90B. The first two find whatever neighbours have to do with each other at once; the others, over 4096
 * anchors (a MiB of the blocks that they look at), what a few bytes in a hundred have to do with bytes further away, whichever function it is.
 */
import type { Anchors } from './anchors.js';
import { BLOCK_BYTES } from './block.js';
import { type Cutoffs, type Tier, tierOf } from './tier.js';

/** Of 1/2^49 and 1/2^66 on each side, in standard deviations: the sum of 8191 products is normal but for 1 in 1000. */
export const NEIGHBOUR_CUTOFFS: Cutoffs = { soft: 7.87, hard: 9.23 };
/** Of Binomial(4096, 1/256), 16 on average: 2^-53 and 2^-68 for each of 8192 companions and 4096 distances. */
export const CELL_CUTOFFS: Cutoffs = { soft: 59, hard: 67 };
/** Of Binomial(1023, 1/256), 4 on average: 2^-48 and 2^-64 for the equal neighbours that the repetition count meets. */
export const PAIR_CUTOFFS: Cutoffs = { soft: 29, hard: 34 };

const MEAN = 127.5;
const VARIANCE = (256 ** 2 - 1) / 12;
const PAIRS = BLOCK_BYTES - 1;
/** Anchors of a window. */
const WINDOW = 4096;
/** Bytes of the blocks that it looks at. */
export const COMPANIONS_WINDOW = WINDOW * 256;
const COMPANIONS = 32;
const FARTHEST = 4096;

/**
 * Judges the sum of the products of neighbours of a block. With x = byte - 127.5 the sum of x x' has mean 0 and variance
 * n ((256^2 - 1) / 12)^2.
 *
 * @param products sum of byte times next byte.
 * @param sum of all bytes; `ends` that of the first and the last.
 */
export function judgeNeighbours(products: number, sum: number, ends: number): Tier {
  const centred = products - MEAN * (2 * sum - ends) + PAIRS * MEAN ** 2;
  return tierOf(Math.abs(centred) / (Math.sqrt(PAIRS) * VARIANCE), NEIGHBOUR_CUTOFFS);
}

export class Companions {
  readonly #companions = new Uint16Array(COMPANIONS * 256);
  readonly #distances = new Uint16Array(FARTHEST + 1);
  #anchors = 0;

  /** Counts what is around the anchors of `block`; judges what became too many at once. */
  test(block: Uint8Array, anchors: Anchors): Tier {
    const companions = this.#companions;
    let highest = this.#countDistances(anchors);
    for (let i = 0; i < anchors.length; i++) {
      const at = anchors.at[i] ?? 0;
      const end = Math.min(at + COMPANIONS, block.length - 1);
      for (let next = at + 1, row = 0; next <= end; next++, row += 256) {
        const cell = row + (block[next] ?? 0);
        const count = (companions[cell] ?? 0) + 1;
        companions[cell] = count;
        if (count > highest) highest = count;
      }
    }
    this.#anchors += anchors.length;
    if (this.#anchors >= WINDOW) this.#forget();
    return tierOf(highest, CELL_CUTOFFS);
  }

  #countDistances({ at, length }: Anchors): number {
    const distances = this.#distances;
    let highest = 0;
    for (let i = 1; i < length; i++) {
      const here = at[i] ?? 0;
      for (let before = i - 1; before >= 0; before--) {
        const distance = here - (at[before] ?? 0);
        if (distance > FARTHEST) break;
        const count = (distances[distance] ?? 0) + 1;
        distances[distance] = count;
        if (count > highest) highest = count;
      }
    }
    return highest;
  }

  #forget(): void {
    this.#companions.fill(0);
    this.#distances.fill(0);
    this.#anchors = 0;
  }
}
