/** What can be drawn from entropy, with the bounds of the gateway's API. */
import { charactersOf } from '../../../libs/entropy/src/sampling/strings.js';

export interface CountOptions {
  /** 1 to 1000; 1 if not given. */
  readonly count?: number | undefined;
}

export interface IntegersOptions extends CountOptions {
  /** Smallest and largest number, both included, safe integers; 0 and 100 if not given. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** No number twice. */
  readonly unique?: boolean | undefined;
}

export interface GaussiansOptions extends CountOptions {
  /** 0 if not given. */
  readonly mean?: number | undefined;
  /** Above 0; 1 if not given. */
  readonly stddev?: number | undefined;
}

export interface StringsOptions {
  /** 1 to 100; 1 if not given. */
  readonly count?: number | undefined;
  /** Characters of each string, 1 to 256; 32 if not given. */
  readonly length?: number | undefined;
  /** 2 to 256 different characters; A-Z, a-z and 0-9 if not given. */
  readonly alphabet?: string | undefined;
}

export interface UuidsOptions {
  /** 1 to 100; 1 if not given. */
  readonly count?: number | undefined;
  /** 4 if not given. */
  readonly version?: 4 | 7 | undefined;
}

export interface PermutationOptions {
  /** 1 to 10000. */
  readonly n: number;
}

/**
 * Draws from entropy, each of them exactly uniform. All reject with a QrngError when the gateway gives none, and with a
 * RangeError when an option is out of bounds.
 */
export interface Draws {
  /** @param count 1 to 65536. */
  bytes(count: number, signal?: AbortSignal): Promise<Buffer>;
  integers(options?: IntegersOptions, signal?: AbortSignal): Promise<number[]>;
  /** Multiples of 2^-53 in [0, 1). */
  floats(options?: CountOptions, signal?: AbortSignal): Promise<number[]>;
  gaussians(options?: GaussiansOptions, signal?: AbortSignal): Promise<number[]>;
  strings(options?: StringsOptions, signal?: AbortSignal): Promise<string[]>;
  uuids(options?: UuidsOptions, signal?: AbortSignal): Promise<string[]>;
  /** The numbers from 0 to n - 1, shuffled. */
  permutation(options: PermutationOptions, signal?: AbortSignal): Promise<number[]>;
}

const SAFE = Number.MAX_SAFE_INTEGER;
/** Keeps mean + stddev * z finite for every z that can be drawn. */
const HUGE = 1e300;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** The bounds of the API: name of the option, smallest and largest value. */
export const MOST_BYTES = 65_536;
export const MOST_STREAM_BYTES = 16_777_216;

/** @throws {RangeError} like all below, naming the option and what it must be. */
export function checkedBytes(count: number): number {
  return whole('bytes', count, 1, MOST_BYTES);
}

export function checkedIntegers(options: IntegersOptions): Required<Filled<IntegersOptions>> {
  const count = whole('count', options.count ?? 1, 1, 1000);
  const min = whole('min', options.min ?? 0, -SAFE, SAFE);
  const max = whole('max', options.max ?? 100, -SAFE, SAFE);
  const { unique = false } = options;
  if (min > max) throw new RangeError(`min must be at most max, which is ${max}`);
  if (unique && count > max - min + 1) {
    throw new RangeError(`count must be at most ${max - min + 1} when unique: the range has no more numbers`);
  }
  return { count, min, max, unique };
}

export function checkedFloats(options: CountOptions): Required<Filled<CountOptions>> {
  return { count: whole('count', options.count ?? 1, 1, 1000) };
}

export function checkedGaussians(options: GaussiansOptions): Required<Filled<GaussiansOptions>> {
  const { mean = 0, stddev = 1 } = options;
  if (!(Math.abs(mean) <= HUGE)) throw new RangeError(`mean must be a number from ${-HUGE} to ${HUGE}`);
  if (!(stddev > 0 && stddev <= HUGE)) {
    throw new RangeError(`stddev must be a number above 0, at most ${HUGE}`);
  }
  return { count: whole('count', options.count ?? 1, 1, 1000), mean, stddev };
}

export function checkedStrings(options: StringsOptions): Required<Filled<StringsOptions>> {
  const { alphabet = LETTERS } = options;
  charactersOf(alphabet);
  return {
    count: whole('count', options.count ?? 1, 1, 100),
    length: whole('length', options.length ?? 32, 1, 256),
    alphabet,
  };
}

export function checkedUuids(options: UuidsOptions): Required<Filled<UuidsOptions>> {
  const { version = 4 } = options;
  if (![4, 7].includes(version)) throw new RangeError('version must be 4 or 7');
  return { count: whole('count', options.count ?? 1, 1, 100), version };
}

export function checkedPermutation({ n }: PermutationOptions): PermutationOptions {
  return { n: whole('n', n, 1, 10_000) };
}

/** The options with a value for each. */
type Filled<T> = { readonly [K in keyof T]: NonNullable<T[K]> };

function whole(name: string, value: number, min: number, max: number): number {
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} must be a whole number from ${min} to ${max}`);
  }
  return value;
}
