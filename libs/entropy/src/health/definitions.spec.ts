/**
 * Holds the tests, which skip what cannot change their verdict, against their definitions, which look at every byte.
 *
 * Streams are cut at random places and start at odd addresses. A failure prints its seed.
 */
import { expect, test } from '@jest/globals';
import { AdaptiveProportion } from './adaptive-proportion.js';
import { CHI_SQUARE_BOUNDS, CHI_SQUARE_WINDOW, ChiSquare } from './chi-square.js';
import { HARD_ALPHA, PROPORTION_WINDOW, proportionCutoff, repetitionCutoff, SOFT_ALPHA } from './cutoffs.js';
import { RepeatedBlocks } from './repeated-blocks.js';
import { RepetitionCount } from './repetition-count.js';
import { StuckBits } from './stuck-bits.js';
import { type Tier, worse } from './tier.js';

const RUNS = 200;
const REPETITION = [repetitionCutoff(SOFT_ALPHA, 8), repetitionCutoff(HARD_ALPHA, 8)] as const;
const PROPORTION = [proportionCutoff(SOFT_ALPHA, 8), proportionCutoff(HARD_ALPHA, 8)] as const;

const TIERS: Tier[] = ['pass', 'soft', 'hard'];

/** A whole number from 0 to `limit` - 1. */
type Below = (limit: number) => number;

interface Test<Verdict> {
  test: (chunk: Uint8Array) => Verdict;
}

/** SP 800-90B 4.4.1, literally. */
class RepetitionDefined implements Test<Tier> {
  #a = -1;
  #b = 0;

  test(chunk: Uint8Array): Tier {
    let worst: Tier = 'pass';
    for (const byte of chunk) {
      if (byte === this.#a) worst = worse(worst, tier(++this.#b, REPETITION));
      else [this.#a, this.#b] = [byte, 1];
    }
    return worst;
  }
}

/** SP 800-90B 4.4.2, literally. */
class ProportionDefined implements Test<Tier> {
  #a = -1;
  #b = 0;
  #seen = 0;

  test(chunk: Uint8Array): Tier {
    let worst: Tier = 'pass';
    for (const byte of chunk) {
      if (this.#seen === 0) [this.#a, this.#b] = [byte, 1];
      else if (byte === this.#a) worst = worse(worst, tier(++this.#b, PROPORTION));
      this.#seen = (this.#seen + 1) % PROPORTION_WINDOW;
    }
    return worst;
  }
}

function tier(count: number, [soft, hard]: readonly [number, number]): Tier {
  return count >= hard ? 'hard' : count >= soft ? 'soft' : 'pass';
}

class ChiSquareDefined implements Test<Tier> {
  #window: number[] = [];

  test(chunk: Uint8Array): Tier {
    let worst: Tier = 'pass';
    for (const byte of chunk) {
      this.#window.push(byte);
      if (this.#window.length === CHI_SQUARE_WINDOW) {
        worst = worse(worst, judge(this.#window));
        this.#window = [];
      }
    }
    return worst;
  }
}

function judge(window: readonly number[]): Tier {
  const expected = window.length / 256;
  const counts = new Array<number>(256).fill(0);
  for (const byte of window) counts[byte] = (counts[byte] ?? 0) + 1;
  const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const within = ([low, high]: readonly [number, number]) => statistic >= low && statistic <= high;
  return within(CHI_SQUARE_BOUNDS.soft) ? 'pass' : within(CHI_SQUARE_BOUNDS.hard) ? 'soft' : 'hard';
}

class StuckBitsDefined implements Test<'pass' | 'text' | 'stuck_bit'> {
  #together: number[] = [];

  test(chunk: Uint8Array): 'pass' | 'text' | 'stuck_bit' {
    const bytes = chunk.length >= 64 ? [...chunk] : [...this.#together, ...chunk];
    this.#together = bytes.length < 64 ? bytes : [];
    if (bytes.length < 64) return 'pass';
    if (bytes.every((byte) => byte < 0x80)) return 'text';
    const stuck = [1, 2, 4, 8, 16, 32, 64, 128].some(
      (bit) => new Set(bytes.map((byte) => byte & bit)).size === 1,
    );
    return stuck ? 'stuck_bit' : 'pass';
  }
}

class RepeatedBlocksDefined implements Test<boolean> {
  test(chunk: Uint8Array): boolean {
    const blocks = Array.from({ length: Math.floor(chunk.length / 16) }, (_, i) =>
      Buffer.from(chunk.subarray(16 * i, 16 * i + 16)).toString('hex'),
    );
    return new Set(blocks).size < blocks.length;
  }
}

/** Mulberry32: the same numbers for the same seed. */
function generator(seed: number): Below {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** Good bytes, or such as break one test, hardly or badly. */
function stream(below: Below): Uint8Array {
  const good = Uint8Array.from({ length: 1 + below(30_000) }, () => below(256));
  const value = below(256);
  const rarely = 2 + below(150);
  const kinds: (() => Uint8Array)[] = [
    () => good,
    () => good.map((byte) => byte % (1 + below(2) + (value % 8))), // few values, so that runs come of themselves
    () => good.map((byte) => (below(rarely) === 0 ? value : byte)), // one value too often
    () => good.map((byte, i) => (below(rarely) === 0 ? byte : i & 0xff)), // all values too equally
    () => good.map((byte) => byte & ~(1 << (value % 8))),
    () => good.map((byte) => byte | (1 << (value % 8))),
    () => withRuns(good, below),
    () => withCopies(good, below),
  ];
  return (kinds[below(kinds.length)] ?? kinds[0])?.() ?? good;
}

/** Runs around the cutoffs, also one after the other and at both ends. */
function withRuns(bytes: Uint8Array, below: Below): Uint8Array {
  for (let i = 0; i < 5; i++) {
    const at = below(bytes.length + 12) - 6;
    bytes.fill(below(256), Math.max(0, at), Math.max(0, at + 3 + below(8)));
  }
  return bytes;
}

/** Copies of 12 to 40 bytes, at multiples of 4: some hold a whole block, some do not. */
function withCopies(bytes: Uint8Array, below: Below): Uint8Array {
  const place = (): number => 4 * below(bytes.length >> 2 || 1);
  for (let i = 0; i < 3; i++) {
    const from = place();
    bytes.copyWithin(place(), from, from + 12 + 4 * below(8));
  }
  return bytes;
}

/** Chunks from empty to whole, each at an address of its own. */
function cut(bytes: Uint8Array, below: Below): Uint8Array[] {
  const longest = [3, 100, 2000, 40_000][below(4)] ?? 1;
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + below(longest + 1));
    const odd = below(4);
    const chunk = new Uint8Array(odd + end - at).subarray(odd);
    chunk.set(bytes.subarray(at, end));
    chunks.push(chunk);
    at = end;
  }
  return chunks;
}

const tests: [string, unknown[], () => Test<unknown>, () => Test<unknown>][] = [
  ['repetition count', TIERS, () => new RepetitionCount(), () => new RepetitionDefined()],
  ['adaptive proportion', TIERS, () => new AdaptiveProportion(), () => new ProportionDefined()],
  ['chi-square', TIERS, () => new ChiSquare(), () => new ChiSquareDefined()],
  ['stuck bits', ['pass', 'text', 'stuck_bit'], () => new StuckBits(), () => new StuckBitsDefined()],
  ['repeated blocks', [true, false], () => new RepeatedBlocks(), () => new RepeatedBlocksDefined()],
];

test.each(tests)('%s gives the verdicts of its definition, chunk by chunk', (_, verdicts, make, define) => {
  const seen = new Set<unknown>();
  for (let seed = 1; seed <= RUNS; seed++) {
    const below = generator(seed);
    const [fast, defined] = [make(), define()];
    cut(stream(below), below).forEach((chunk, index) => {
      const verdict = defined.test(chunk);
      const given = fast.test(chunk);
      if (given !== verdict) expect({ seed, index, verdict: given }).toEqual({ seed, index, verdict });
      seen.add(verdict);
    });
  }
  expect(seen).toEqual(new Set(verdicts)); // streams that provoke nothing would prove nothing
});
