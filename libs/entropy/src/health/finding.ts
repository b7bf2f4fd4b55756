/** What the health tests say of a block. */
import { BLOCK_BYTES } from './block.js';
import { type Tier, worse } from './tier.js';

/** Every test, by the code that metrics and logs have. docs/health-tests.md says what each looks for. */
export const HEALTH_TESTS = [
  'rct',
  'apt',
  'text',
  'stuck_bit',
  'missing_value',
  'chi_square',
  'bias',
  'correlation',
  'position',
  'linear_complexity',
  'repeated_block',
  'repeated_fetch',
  'duplicate_source',
] as const;
export type HealthTest = (typeof HEALTH_TESTS)[number];

/** Collects what the tests say of one block. */
export class Findings {
  /** The worst of all. */
  tier: Tier = 'pass';
  /** Tests that failed, each once. */
  readonly failures: HealthTest[] = [];
  /** Bytes that the longest window of these tests takes. */
  window = BLOCK_BYTES;

  /** Notes what `test` says, which looks at `window` bytes of the stream to come to a verdict. */
  note(test: HealthTest, tier: Tier, window = BLOCK_BYTES): void {
    if (tier === 'pass') return;
    this.window = Math.max(this.window, window);
    if (!this.failures.includes(test)) this.failures.push(test);
    this.tier = worse(this.tier, tier);
  }
}
