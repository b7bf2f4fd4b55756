/** Checks that an answer is what was asked for, so that a defect on the way is never taken for randomness. */
import type { IncomingHttpHeaders } from 'node:http';
import { charactersOf } from '../../../libs/entropy/src/sampling/strings.js';
import type { PermutationOptions } from './draws.js';
import { QrngError } from './qrng-error.js';

type Check<T> = (value: unknown) => value is T;

/** @throws {QrngError} `unexpected`, when `body` is not JSON. */
export function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw unexpected('JSON');
  }
}

/** @throws {QrngError} `unexpected`, unless these are `count` values that all pass `check`. */
export function listOf<T>(value: unknown, count: number, check: Check<T>, what: string): T[] {
  if (!Array.isArray(value) || value.length !== count || !value.every(check)) {
    throw unexpected(`${count} ${what}`);
  }
  return value;
}

/** @throws {QrngError} `unexpected`, unless it is an object. */
export function objectOf(value: unknown): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unexpected('a JSON object');
  return value;
}

/** @throws {QrngError} `unexpected`, unless there are `count` bytes. */
export function exactly(bytes: Buffer, count: number): Buffer {
  if (bytes.length !== count) throw unexpected(`${count} bytes`);
  return bytes;
}

/** @throws {QrngError} `unexpected`, unless the answer says that it is bytes: the page of a proxy with status 200 looks like some. */
export function octets(headers: IncomingHttpHeaders): void {
  if (headers['content-type'] !== 'application/octet-stream') throw unexpected('application/octet-stream');
}

export function isWholeNumberIn(min: number, max: number): Check<number> {
  return (value): value is number =>
    Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max;
}

export function isNumberIn(min: number, below: number): Check<number> {
  return (value): value is number => typeof value === 'number' && value >= min && value < below;
}

export function isString(length: number, alphabet: string): Check<string> {
  const known = new Set(charactersOf(alphabet));
  return (value): value is string => {
    if (typeof value !== 'string') return false;
    const characters = Array.from(value);
    return characters.length === length && characters.every((character) => known.has(character));
  };
}

export function isUuid(version: 4 | 7): Check<string> {
  const form = new RegExp(`^[0-9a-f]{8}-[0-9a-f]{4}-${version}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`);
  return (value): value is string => typeof value === 'string' && form.test(value);
}

/** @throws {QrngError} `unexpected`, unless each number from 0 to n - 1 is there once. */
export function permutationOf(value: unknown, { n }: PermutationOptions): number[] {
  const order = listOf(value, n, isWholeNumberIn(0, n - 1), 'numbers');
  return different(order);
}

/** @throws {QrngError} `unexpected`, when a value comes twice. */
export function different(values: number[]): number[] {
  if (new Set(values).size < values.length) throw unexpected('different numbers');
  return values;
}

function unexpected(wanted: string): QrngError {
  return new QrngError('unexpected', `the gateway's answer is not what was asked for: ${wanted}`);
}
