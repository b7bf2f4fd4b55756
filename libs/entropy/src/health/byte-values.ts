/**
 * What the counts of byte values show: chi-square and bias, of a block and of a MiB; bits that never move; values that
 * never come.
 */
import { judgeBlockBias, judgeMebibyteBias } from './bias.js';
import { BLOCK_BYTES } from './block.js';
import type { BlockPass } from './block-pass.js';
import { BLOCK_BOUNDS, chiSquareOf, judgeChiSquare, MEBIBYTE_BOUNDS, statisticOf } from './chi-square.js';
import type { Findings } from './finding.js';

/** Blocks of the long window. */
const MEBIBYTE_BLOCKS = 2 ** 20 / BLOCK_BYTES;

export class ByteValues {
  readonly #sums = new Int32Array(256);
  #blocks = 0;
  /** Values that the block before lacked. */
  #absent: readonly number[] = [];

  /** Judges the counts of one block, and with each 128th those of the last MiB. */
  test({ counts, squares, ones }: BlockPass, findings: Findings): void {
    findings.note('chi_square', judgeChiSquare(statisticOf(squares, BLOCK_BYTES), BLOCK_BOUNDS));
    findings.note('bias', judgeBlockBias(ones, BLOCK_BYTES));
    this.#testMissing(counts, findings);
    for (let value = 0; value < 256; value++) {
      this.#sums[value] = (this.#sums[value] ?? 0) + (counts[value] ?? 0);
    }
    if (++this.#blocks < MEBIBYTE_BLOCKS) return;
    const bytes = MEBIBYTE_BLOCKS * BLOCK_BYTES;
    findings.note('chi_square', judgeChiSquare(chiSquareOf(this.#sums, bytes), MEBIBYTE_BOUNDS), bytes);
    findings.note('bias', judgeMebibyteBias(this.#sums, bytes), bytes);
    this.#sums.fill(0);
    this.#blocks = 0;
  }

  /**
   * A value that two blocks in a row lack, as where a terminal eats XON: 256 (255/256)^16384 = 2^-84. A stuck bit makes
   * 128 values miss at once, which no two blocks are needed for.
   */
  #testMissing(counts: Int32Array, findings: Findings): void {
    const absent = counts.includes(0) ? absentOf(counts) : NONE;
    if (absent.length >= 128) findings.note(stuckBit(counts), 'hard');
    if (absent.some((value) => this.#absent.includes(value))) findings.note('missing_value', 'hard');
    this.#absent = absent;
  }
}

const NONE: readonly number[] = [];

function absentOf(counts: Int32Array): number[] {
  const absent: number[] = [];
  counts.forEach((count, value) => count === 0 && absent.push(value));
  return absent;
}

/** What 128 missing values mean: no byte above 0x7f, another bit that never moves, or neither. */
function stuckBit(counts: Int32Array): 'text' | 'stuck_bit' | 'missing_value' {
  let ones = 0;
  let zeros = 0;
  counts.forEach((count, value) => {
    if (count === 0) return;
    ones |= value;
    zeros |= ~value;
  });
  if ((ones & 0x80) === 0) return 'text';
  return (ones & zeros & 0xff) === 0xff ? 'missing_value' : 'stuck_bit';
}
