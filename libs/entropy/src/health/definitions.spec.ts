/**
 * Holds the tests, which skip what cannot change their verdict, against their definitions, which look at every byte.
 *
 * Streams are cut at random places and start at odd addresses. A failure prints its seed.
 */
import { describe, expect, test } from '@jest/globals';
import { BLOCK_BYTES } from './block.js';
import { viewOf } from './block-hash.js';
import { BlockPass } from './block-pass.js';
import { chiSquareOf } from './chi-square.js';
import { proportionCutoffs, PROPORTION_WINDOW, repetitionCutoffs } from './cutoffs.js';
import { RepeatedPieces } from './repeated-pieces.js';
import { RepetitionCount } from './repetition-count.js';
import { TextRun } from './text-run.js';
import { type Tier, tierOf, worse } from './tier.js';

const RUNS = 100;
const REPETITION = repetitionCutoffs(8);

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
      if (byte === this.#a) worst = worse(worst, tierOf(++this.#b, REPETITION));
      else [this.#a, this.#b] = [byte, 1];
    }
    return worst;
  }
}

class TextDefined implements Test<boolean> {
  #run = 0;

  test(chunk: Uint8Array): boolean {
    let found = false;
    for (const byte of chunk) {
      this.#run = /[\x20-\x7e\t\r\n]/.test(String.fromCharCode(byte)) ? this.#run + 1 : 0;
      found ||= this.#run >= 64;
    }
    return found;
  }
}

/** The highest count of SP 800-90B 4.4.2, literally. */
function proportionDefined(block: Uint8Array): number {
  let [a, b, highest] = [-1, 0, 0];
  block.forEach((byte, i) => {
    if (i % PROPORTION_WINDOW === 0) [a, b] = [byte, 1];
    else if (byte === a) b++;
    highest = Math.max(highest, b);
  });
  return highest;
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
  const rarely = [2 + below(150), 16 + below(12)][below(2)] ?? 2;
  const kinds: (() => Uint8Array)[] = [
    () => good,
    () => good.map((byte) => byte % (1 + below(2) + (value % 8))), // few values, so that runs come of themselves
    () => good.map((byte) => (below(rarely) === 0 ? value : byte)), // one value too often
    () => good.map((byte, i) => (below(rarely) === 0 ? byte : i & 0xff)), // all values too equally
    () => good.map((byte) => byte & ~(1 << (value % 8))),
    () => good.map((byte) => byte | (1 << (value % 8))),
    () => withRuns(good, below),
    () => withTexts(good, below),
    () => withCopies(good, below),
  ];
  return (kinds[below(kinds.length)] ?? kinds[0])?.() ?? good;
}

/** Runs around the cutoffs, also one after the other and at both ends. */
function withRuns(bytes: Uint8Array, below: Below): Uint8Array {
  for (let i = 0; i < 5; i++) {
    const at = below(bytes.length + 12) - 6;
    bytes.fill(below(256), Math.max(0, at), Math.max(0, at + 5 + below(8)));
  }
  return bytes;
}

/** Printable runs around 64, also one after the other and at both ends. */
function withTexts(bytes: Uint8Array, below: Below): Uint8Array {
  for (let i = 0; i < 5; i++) {
    const at = below(bytes.length + 70) - 60;
    bytes.fill(0x41 + below(20), Math.max(0, at), Math.max(0, at + 50 + below(20)));
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
  [
    'repetition count',
    ['pass', 'soft', 'hard'],
    () => new RepetitionCount(REPETITION),
    () => new RepetitionDefined(),
  ],
  ['printable runs', [true, false], () => new TextRun(), () => new TextDefined()],
];

test.each(tests)('%s gives the verdicts of its definition, chunk by chunk', (_, verdicts, make, define) => {
  const seen = new Set<unknown>();
  for (let seed = 1; seed <= RUNS; seed++) {
    const below = generator(seed);
    const [fast, defined] = [make(), define()];
    cut(stream(below), below).forEach((chunk, index) => {
      if (chunk.length === 0) return;
      const verdict = defined.test(chunk);
      const given = fast.test(chunk);
      if (given !== verdict) expect({ seed, index, verdict: given }).toEqual({ seed, index, verdict });
      seen.add(verdict);
    });
  }
  expect(seen).toEqual(new Set(verdicts)); // streams that provoke nothing would prove nothing
});

describe('one pass over a block', () => {
  /** Blocks at odd addresses, each of the streams as often as it fills one. */
  function* blocks(): Generator<{ seed: number; block: Uint8Array }> {
    for (let seed = 1; seed <= RUNS; seed++) {
      const below = generator(seed);
      const bytes = stream(below);
      for (let at = below(8); at + BLOCK_BYTES <= bytes.length; at += BLOCK_BYTES) {
        yield { seed, block: bytes.subarray(at, at + BLOCK_BYTES) };
      }
    }
  }

  test('counts what the definitions count, for good blocks and bad ones', () => {
    const pass = new BlockPass();
    const tiers = new Set<Tier>();
    for (const { seed, block } of blocks()) {
      pass.read(block);
      const counts = new Array<number>(256).fill(0);
      for (const byte of block) counts[byte] = (counts[byte] ?? 0) + 1;
      const products = block.reduce((sum, byte, i) => sum + byte * (block[i - 1] ?? 0), 0);
      const proportion = proportionDefined(block);
      const given = [...pass.counts, pass.proportion, pass.products].join();
      if (given !== [...counts, proportion, products].join()) expect({ seed, given }).toEqual({ seed });
      const expected = BLOCK_BYTES / 256;
      const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      const difference = chiSquareOf(pass.counts, BLOCK_BYTES) - statistic;
      if (Math.abs(difference) > 1e-6) expect({ seed, difference }).toEqual({ seed });
      tiers.add(tierOf(proportion, proportionCutoffs(8)));
    }
    expect(tiers).toEqual(new Set(['pass', 'soft', 'hard']));
  });

  test('finds the pieces of 16 bytes that come twice', () => {
    const pieces = new RepeatedPieces();
    const seen = new Set<boolean>();
    for (const { seed, block } of blocks()) {
      const texts = Array.from({ length: BLOCK_BYTES / 16 }, (_, i) =>
        Buffer.from(block.subarray(16 * i, 16 * i + 16)).toString('hex'),
      );
      const repeated = new Set(texts).size < texts.length;
      const given = pieces.test(viewOf(block));
      if (given !== repeated) expect({ seed, given }).toEqual({ seed, given: repeated });
      seen.add(repeated);
    }
    expect(seen).toEqual(new Set([true, false]));
  });
});
