/** What can be drawn: its parameters with their bounds (contract, section 5), for the routes of /api and the tools of /mcp. */
import { charactersOf, floats, gaussians, integers, permutation, strings, uuids } from '#libs/entropy';
import type { Sample } from '#libs/entropy';
import { characters, oneOf, realNumber, wholeNumber } from '../request/parameter.js';
import { invalidParameters, Parameters } from '../request/parameters.js';

const SAFE = Number.MAX_SAFE_INTEGER;
/** Keeps mean + stddev * z finite for every z that the polar method can give. */
const HUGE = 1e300;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function count(max: number) {
  return wholeNumber('Number of items.', { min: 1, max, fallback: 1 });
}

export interface Draw<T extends object, V> {
  readonly parameters: Parameters<T>;
  /** @param now Unix ms. @throws {ApiError} `invalid-parameter` where the values do not go together. */
  readonly sample: (values: T, now: number) => Sample<V[]>;
}

interface Integers {
  count: number;
  min: number;
  max: number;
  unique: boolean;
}

export const INTEGERS: Draw<Integers, number> = {
  parameters: new Parameters({
    count: count(1000),
    min: wholeNumber('Smallest possible number.', { min: -SAFE, max: SAFE, fallback: 0 }),
    max: wholeNumber('Largest possible number.', { min: -SAFE, max: SAFE, fallback: 100 }),
    unique: oneOf('Draw without replacement: all numbers differ.', [true, false], false),
  }),
  sample: (values) => {
    checkRange(values);
    return integers(values);
  },
};

/** What the parameters of integers must be to each other. @throws {ApiError} `invalid-parameter`. */
function checkRange({ count, min, max, unique }: Integers): void {
  if (min > max) {
    throw invalidParameters([
      { name: 'min', detail: `must be at most max, which is ${max}` },
      { name: 'max', detail: `must be at least min, which is ${min}` },
    ]);
  }
  const size = max - min + 1;
  if (unique && count > size) {
    throw invalidParameters([
      { name: 'count', detail: `must be at most ${size} when unique: the range has no more numbers` },
    ]);
  }
}

export const FLOATS: Draw<{ count: number }, number> = {
  parameters: new Parameters({ count: count(1000) }),
  sample: floats,
};

export const GAUSSIANS: Draw<{ count: number; mean: number; stddev: number }, number> = {
  parameters: new Parameters({
    count: count(1000),
    mean: realNumber('Mean.', { min: -HUGE, max: HUGE, fallback: 0 }),
    stddev: realNumber('Standard deviation.', { above: 0, max: HUGE, fallback: 1 }),
  }),
  sample: gaussians,
};

export const STRINGS: Draw<{ count: number; length: number; alphabet: string }, string> = {
  parameters: new Parameters({
    count: count(100),
    length: wholeNumber('Number of characters in each string.', { min: 1, max: 256, fallback: 32 }),
    alphabet: characters('Characters to choose from: different Unicode code points.', {
      holds: isAlphabet,
      mustBe: '2 to 256 different characters',
      fallback: LETTERS,
      schema: { minLength: 2, maxLength: 256 },
    }),
  }),
  sample: strings,
};

export const UUIDS: Draw<{ count: number; version: 4 | 7 }, string> = {
  parameters: new Parameters({
    count: count(100),
    version: oneOf('UUID version of RFC 9562.', [4, 7], 4),
  }),
  sample: (values, now) => uuids({ ...values, now }),
};

export const PERMUTATION: Draw<{ n: number }, number> = {
  parameters: new Parameters({
    n: wholeNumber('How many numbers to shuffle.', { min: 1, max: 10_000 }),
  }),
  sample: permutation,
};

function isAlphabet(text: string): boolean {
  try {
    return charactersOf(text).length >= 2;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
