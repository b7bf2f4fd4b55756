/** The parameters of the routes that draw samples, with their bounds (contract, section 5). */
import { charactersOf } from '#libs/entropy';
import { characters, oneOf, realNumber, wholeNumber } from '../request/parameter.js';
import { invalidParameters, Parameters } from '../request/parameters.js';

const SAFE = Number.MAX_SAFE_INTEGER;
/** Keeps mean + stddev * z finite for every z that the polar method can give. */
const HUGE = 1e300;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function count(max: number) {
  return wholeNumber('Number of items.', { min: 1, max, fallback: 1 });
}

interface Integers {
  count: number;
  min: number;
  max: number;
  unique: boolean;
}

export const INTEGERS = new Parameters<Integers>({
  count: count(1000),
  min: wholeNumber('Smallest possible number.', { min: -SAFE, max: SAFE, fallback: 0 }),
  max: wholeNumber('Largest possible number.', { min: -SAFE, max: SAFE, fallback: 100 }),
  unique: oneOf('Draw without replacement: all numbers differ.', [true, false], false),
});

/** What the parameters of integers must be to each other. @throws {ApiError} `invalid-parameter`. */
export function checkRange({ count, min, max, unique }: Integers): void {
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

export const FLOATS = new Parameters<{ count: number }>({ count: count(1000) });

export const GAUSSIANS = new Parameters<{ count: number; mean: number; stddev: number }>({
  count: count(1000),
  mean: realNumber('Mean.', { min: -HUGE, max: HUGE, fallback: 0 }),
  stddev: realNumber('Standard deviation.', { above: 0, max: HUGE, fallback: 1 }),
});

export const STRINGS = new Parameters<{ count: number; length: number; alphabet: string }>({
  count: count(100),
  length: wholeNumber('Number of characters in each string.', { min: 1, max: 256, fallback: 32 }),
  alphabet: characters('Characters to choose from: different Unicode code points.', {
    holds: isAlphabet,
    mustBe: '2 to 256 different characters',
    fallback: LETTERS,
    schema: { minLength: 2, maxLength: 256 },
  }),
});

export const UUIDS = new Parameters<{ count: number; version: 4 | 7 }>({
  count: count(100),
  version: oneOf('UUID version of RFC 9562.', [4, 7], 4),
});

export const PERMUTATION = new Parameters<{ n: number }>({
  n: wholeNumber('How many numbers to shuffle.', { min: 1, max: 10_000 }),
});

function isAlphabet(text: string): boolean {
  try {
    return charactersOf(text).length >= 2;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
