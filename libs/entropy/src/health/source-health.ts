/**
 * Judges each block of one source: all health tests, in one pass over its bytes and a few looks beside it.
 *
 *   answer -> its first and last bytes, which come again where something is around the bytes
 *   block -> one pass (counts, proportion, products) -> rct, apt, chi_square, bias, missing_value, correlation
 *         -> printable runs, pieces that repeat, marks of what came before
 *         -> now and then: linear complexity, rank, altered copies, positions, companions, lags, short repeats
 *
 * The repetition count and the adaptive proportion are those of SP 800-90B 4.4, the others catch what these two miss.
 * The source has conditioned its output already, so this is a sanity test on line, not a claim of 90B compliance.
 */
import { AlteredCopies } from './altered-copies.js';
import { Anchors } from './anchors.js';
import { BitRank } from './bit-rank.js';
import { BLOCK_BYTES } from './block.js';
import { MARK_BYTES, viewOf } from './block-hash.js';
import { BlockPass } from './block-pass.js';
import { ByteValues } from './byte-values.js';
import { Companions, COMPANIONS_WINDOW, judgeNeighbours, PAIR_CUTOFFS } from './correlation.js';
import { proportionCutoffs, repetitionCutoffs } from './cutoffs.js';
import { Findings, type HealthTest } from './finding.js';
import { LAG_BLOCKS, Lags } from './lags.js';
import { LineEnds, LINE_ENDS_WINDOW } from './line-ends.js';
import { LinearComplexity } from './linear-complexity.js';
import { Positions, POSITIONS_WINDOW } from './positions.js';
import { RepeatedPieces } from './repeated-pieces.js';
import { RepetitionCount } from './repetition-count.js';
import { SeenBytes } from './seen-bytes.js';
import { ShortRepeats } from './short-repeats.js';
import { TextRun } from './text-run.js';
import { type Cutoffs, type Tier, tierOf } from './tier.js';

/**
 * The tests that cost most look at one block in nine, 27 or 45. Odd numbers, as are those of the things that a test tries in turn: with
 * answers of eight blocks each would else always look at the same one for the same.
 */
const TURNS = 9;

/** A full byte: what a source has whose output is conditioned. */
export const FULL_ENTROPY = 8;

export interface Judgement {
  /** `soft`: drop the block. `hard`: put the source out of use, too; all windows have started again. */
  readonly tier: Tier;
  /** Tests that failed, each once. */
  readonly failures: HealthTest[];
  /** Bytes that the longest window of these tests takes: fewer good ones prove nothing about them. */
  readonly window: number;
  /** With `duplicate_source`: the source that delivered the same bytes. */
  readonly copyOf?: string;
}

export class SourceHealth {
  readonly #pass = new BlockPass();
  readonly #anchors = new Anchors(BLOCK_BYTES);
  readonly #altered: AlteredCopies;
  readonly #pieces = new RepeatedPieces();
  readonly #repetition: Cutoffs;
  readonly #proportion: Cutoffs;
  readonly #span: number;
  // These try one thing after the other, and go on with what they found.
  readonly #complexity = new LinearComplexity();
  readonly #rank = new BitRank();
  readonly #lags = new Lags();
  #windows: Windows;
  #turn = 0;
  /** An end of an answer came again, and no block was judged since. */
  #endsAgain = false;

  /**
   * @param source its name, one for each source.
   * @param seen shared by all sources, so that two of them that deliver the same bytes are found out.
   * @param minEntropy bits of min-entropy a byte that the source claims. Below 8 its bytes are not uniform, and only what
   *   the claim says something about is tested: repetitions, proportions and bytes that come again.
   */
  constructor(
    readonly source: string,
    private readonly seen = new SeenBytes(),
    private readonly minEntropy = FULL_ENTROPY,
  ) {
    this.#repetition = repetitionCutoffs(minEntropy);
    this.#proportion = proportionCutoffs(minEntropy);
    this.#altered = new AlteredCopies(seen);
    this.#span = MARK_BYTES * Math.ceil(FULL_ENTROPY / minEntropy);
    this.#windows = new Windows(this.#repetition);
  }

  /** Looks at the ends of an answer before its blocks are judged; the next one that is fails if they came before. */
  answered(answer: Uint8Array): void {
    this.#endsAgain = this.seen.recogniseEnds(answer, this.source, this.#span) || this.#endsAgain;
  }

  /**
   * Judges `block`, BLOCK_BYTES that continue all blocks before.
   *
   * @throws {RangeError} when it has another length.
   */
  judge(block: Uint8Array): Judgement {
    if (block.length !== BLOCK_BYTES) {
      throw new RangeError(`a block is ${BLOCK_BYTES} bytes, not ${block.length}`);
    }
    const findings = new Findings();
    this.#pass.read(block);
    this.#anchors.find(block);
    findings.note('rct', this.#windows.repetition.test(block));
    findings.note('apt', tierOf(this.#pass.proportion, this.#proportion));
    const copyOf = this.seen.recognise(block, this.#anchors, this.source, this.#span);
    if (copyOf === this.source || this.#endsAgain) findings.note('repeated_fetch', 'hard');
    else if (copyOf !== undefined) findings.note('duplicate_source', 'hard');
    this.#endsAgain = false;
    if (this.minEntropy === FULL_ENTROPY) this.#testUniform(block, findings);
    const { tier, failures, window } = findings;
    if (tier === 'hard') {
      this.#windows = new Windows(this.#repetition);
      this.#lags.forget();
    }
    const judgement = { tier, failures, window };
    return copyOf === undefined || copyOf === this.source ? judgement : { ...judgement, copyOf };
  }

  /** The tests that only bytes pass of which all values are equally likely. */
  #testUniform(block: Uint8Array, findings: Findings): void {
    const windows = this.#windows;
    const { sum, products } = this.#pass;
    windows.values.test(this.#pass, findings);
    findings.note('correlation', tierOf(windows.repetition.pairs, PAIR_CUTOFFS));
    findings.note(
      'correlation',
      judgeNeighbours(products, sum, (block[0] ?? 0) + (block[BLOCK_BYTES - 1] ?? 0)),
    );
    if (windows.text.test(block)) findings.note('text', 'hard');
    if (windows.lineEnds.test(block)) findings.note('missing_value', 'hard', LINE_ENDS_WINDOW);
    if (this.#pieces.test(viewOf(block))) findings.note('repeated_block', 'hard');
    // What is bad for certain could keep the others busy: a block of nothing but anchors has 32 million distances.
    if (findings.tier !== 'hard') this.#testNowAndThen(block, findings);
  }

  /** The tests that cost as much as all others together, each in its turn, or two. */
  #testNowAndThen(block: Uint8Array, findings: Findings): void {
    const windows = this.#windows;
    const round = Math.floor(this.#turn / TURNS);
    switch (this.#turn++ % TURNS) {
      case 0:
        findings.note('linear_complexity', this.#complexity.test(block), TURNS * BLOCK_BYTES);
        break;
      case 3:
        findings.note('correlation', this.#lags.test(block), TURNS * LAG_BLOCKS * BLOCK_BYTES);
        break;
      case 4:
        findings.note('position', windows.positions.test(block), TURNS * POSITIONS_WINDOW);
        break;
      case 2:
      case 6:
        findings.note('correlation', windows.companions.test(block, this.#anchors), 5 * COMPANIONS_WINDOW);
        break;
      case 7:
        if (round % 3 === 0) this.#testRepeats(block, findings);
        else if (round % 3 === 1 && this.#altered.test(block)) {
          findings.note('repeated_fetch', 'hard', 3 * TURNS * BLOCK_BYTES);
        }
        break;
      case 8:
        if (round % 5 === 0 && this.#rank.test(block)) {
          findings.note('linear_complexity', 'hard', 2 * 5 * TURNS * BLOCK_BYTES); // rows of 32 take two
        }
        break;
    }
  }

  #testRepeats(block: Uint8Array, findings: Findings): void {
    const { repeats } = this.#windows;
    const tier = repeats.test(block);
    findings.note('repeated_block', tier, 3 * TURNS * BLOCK_BYTES * repeats.looked);
  }
}

/** What is kept from block to block. */
class Windows {
  readonly repetition: RepetitionCount;
  readonly values = new ByteValues();
  readonly text = new TextRun();
  readonly companions = new Companions();
  readonly positions = new Positions();
  readonly repeats = new ShortRepeats();
  readonly lineEnds = new LineEnds();

  constructor(repetition: Cutoffs) {
    this.repetition = new RepetitionCount(repetition);
  }
}
