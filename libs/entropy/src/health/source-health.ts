/**
 * Decides for each chunk of one source whether it may be passed on: all health tests, their tiers, and the
 * start-up.
 *
 *   chunk -> rct, apt, text, stuck_bit, chi_square, repeated_block, repeated_fetch, duplicate_source -> verdict
 *
 * The repetition count and the adaptive proportion are those of SP 800-90B 4.4, the others catch what these
 * two miss. The source has conditioned its output already, so this is a sanity test on line, not a claim of
 * 90B compliance.
 */
import { AdaptiveProportion } from './adaptive-proportion.js';
import { CHI_SQUARE_WINDOW, ChiSquare } from './chi-square.js';
import { RepeatedBlocks } from './repeated-blocks.js';
import { RepetitionCount } from './repetition-count.js';
import { SeenBytes } from './seen-bytes.js';
import { StuckBits } from './stuck-bits.js';
import { type Tier, worse } from './tier.js';

export const HEALTH_TESTS = [
  'rct',
  'apt',
  'text',
  'stuck_bit',
  'chi_square',
  'repeated_block',
  'repeated_fetch',
  'duplicate_source',
] as const;
export type HealthTest = (typeof HEALTH_TESTS)[number];

export interface HealthVerdict {
  /**
   * `pass`: pass the chunk on. All others: drop it. `start_up`: nothing wrong, but not enough tested yet.
   * `soft`: count it and go on. `hard`: quarantine the source; its start-up has begun anew.
   */
  outcome: 'pass' | 'start_up' | 'soft' | 'hard';
  /** Tests that failed, each once. */
  failures: HealthTest[];
  /** With `duplicate_source`: the source that delivered the same bytes. */
  copyOf?: string;
}

/**
 * Bytes that must pass in a row before the first one is used, at first and after each hard failure. SP
 * 800-90B 4.3 asks for 1024; with a whole window of the chi-square every test has spoken once. The samples of
 * the start-up may be used once it has been passed (4.3), and are where one chunk holds them all; of smaller
 * chunks all but the last are dropped, which is simpler than to keep them.
 */
export const START_UP_BYTES = CHI_SQUARE_WINDOW;

export class SourceHealth {
  #startUpLeft: number;
  #rct = new RepetitionCount();
  #apt = new AdaptiveProportion();
  #stuckBits = new StuckBits();
  #chiSquare = new ChiSquare();
  readonly #blocks = new RepeatedBlocks();

  /**
   * @param source its name, one for each source.
   * @param seen shared by all sources, so that two of them that deliver the same bytes are found out.
   * @param startUpBytes 0 for bytes whose sources passed their start-up already (the output of a mixer).
   */
  constructor(
    readonly source: string,
    private readonly seen = new SeenBytes(),
    private readonly startUpBytes = START_UP_BYTES,
  ) {
    this.#startUpLeft = startUpBytes;
  }

  /** Whether the start-up is still going on, so that nothing is released. */
  get startingUp(): boolean {
    return this.#startUpLeft > 0;
  }

  /** Tests `chunk` (one answer of the source, of any length) as the continuation of all chunks before. */
  test(chunk: Uint8Array): HealthVerdict {
    const failures: HealthTest[] = [];
    let worst: Tier = 'pass';
    const found = (test: HealthTest, tier: Tier) => {
      if (tier !== 'pass') failures.push(test);
      worst = worse(worst, tier);
    };
    found('rct', this.#rct.test(chunk));
    found('apt', this.#apt.test(chunk));
    found('chi_square', this.#chiSquare.test(chunk));
    const stuck = this.#stuckBits.test(chunk);
    if (stuck !== 'pass') found(stuck, 'hard');
    if (this.#blocks.test(chunk)) found('repeated_block', 'hard');
    const copyOf = this.seen.recognise(chunk, this.source);
    if (copyOf !== undefined) found(copyOf === this.source ? 'repeated_fetch' : 'duplicate_source', 'hard');
    const outcome = this.#outcome(worst, chunk.length);
    return copyOf === undefined || copyOf === this.source
      ? { outcome, failures }
      : { outcome, failures, copyOf };
  }

  #outcome(worst: Tier, bytes: number): HealthVerdict['outcome'] {
    if (worst === 'hard') this.#restart();
    if (worst === 'soft' && this.startingUp) this.#startUpLeft = this.startUpBytes;
    if (worst !== 'pass') return worst;
    this.#startUpLeft = Math.max(0, this.#startUpLeft - bytes);
    return this.startingUp ? 'start_up' : 'pass';
  }

  #restart(): void {
    this.#startUpLeft = this.startUpBytes;
    this.#rct = new RepetitionCount();
    this.#apt = new AdaptiveProportion();
    this.#stuckBits = new StuckBits();
    this.#chiSquare = new ChiSquare();
  }
}
