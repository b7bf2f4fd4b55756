/**
 * Bytes that depend on where they stand: the same few bytes in every 512, a header in each sector or packet.
 *
 * Not of SP 800-90B. A chi-square of the byte values at each of the 512 positions of a block, over 2048 bytes each.
 */
import { BLOCK_BYTES } from './block.js';
import { chiSquareOf, judgeChiSquare, POSITION_BOUNDS } from './chi-square.js';
import { type Tier, worse } from './tier.js';

const POSITIONS = 512;
/** Bytes of each position in a window. */
const SAMPLES = 2048;
/** Bytes of the blocks that it looks at. */
export const POSITIONS_WINDOW = POSITIONS * SAMPLES;

export class Positions {
  readonly #counts = new Uint16Array(POSITIONS * 256);
  #blocks = 0;

  /** Counts a block; judges with each 128th. */
  test(block: Uint8Array): Tier {
    const counts = this.#counts;
    // One position after the other: in the order of the bytes each count would be far from the one before, out of the cache.
    for (let position = 0; position < POSITIONS; position++) {
      for (let i = position; i < BLOCK_BYTES; i += POSITIONS) {
        const cell = (position << 8) | (block[i] ?? 0);
        counts[cell] = (counts[cell] ?? 0) + 1;
      }
    }
    return ++this.#blocks < POSITIONS_WINDOW / BLOCK_BYTES ? 'pass' : this.#judge();
  }

  #judge(): Tier {
    let worst: Tier = 'pass';
    for (let position = 0; position < POSITIONS; position++) {
      const statistic = chiSquareOf(this.#counts, SAMPLES, position * 256);
      worst = worse(worst, judgeChiSquare(statistic, POSITION_BOUNDS));
    }
    this.#counts.fill(0);
    this.#blocks = 0;
    return worst;
  }
}
