/** What the simulated appliance can be made to do wrong, as real ones have been seen to do. */
import { randomBytes } from 'node:crypto';
import { LIE_KINDS, liar } from './lies.js';
import type { Liar, LieKind } from './lies.js';

const FAULT_KINDS = [
  'none', // nothing, between two faults
  // the bytes
  'short', // some fewer, announced as such
  'oversized', // some more
  'html', // a page of the right length
  'text', // a line of text, repeated to the right length
  'hex', // hexadecimal digits of the right length
  'base64',
  'json', // a JSON array of numbers, of the right length
  'stuck-byte', // nothing but `value`
  'stuck-bit', // bit `value` (0 to 7) always set
  'counter', // 0, 1, 2, ... going on over answers
  'repeat', // the same bytes as the answer before
  'zeros', // one byte in ten is zero
  'biased', // each bit is set with probability 5/8
  // the connection
  'truncated', // closed in the middle
  'stall', // stands still in the middle
  'slow', // `value` bytes a second
  'reset', // closed without an answer
  // the answer
  'status', // `value`, with `retryAfter`
  'redirect', // 302 to `location`
  'headers', // 64 KiB of them
  'partial', // 206 instead of 200
  'codings', // chunked, with gzip before it
  'early', // `value` answers 1xx before the answer
  'phrase', // a reason phrase of `value` bytes
  // bytes that only look good
  ...LIE_KINDS,
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  kind: FaultKind;
  /** How many requests it lasts; 1 by default. */
  times?: number;
  value?: number;
  /** Of `copied`. */
  distance?: number;
  /** Seconds or an HTTP date. */
  retryAfter?: string | number;
  location?: string;
  /** Instead of what a page, text or JSON would announce. */
  contentType?: string;
}

/** Whether a value, as parsed from JSON, is a fault. */
export function isFault(value: unknown): value is Fault {
  return value instanceof Object && 'kind' in value && FAULT_KINDS.some((kind) => kind === value.kind);
}

const PAGE =
  '<!DOCTYPE html>\n<html><head><title>Simulated appliance</title></head><body>Please log in</body></html>\n';
const LINE = 'simulated appliance: the generator is being serviced, try again later\n';

export interface Memory {
  counter: number;
  last: Buffer;
  /** Lies go on where they were, by kind and options. */
  readonly liars: Map<string, Liar>;
}

type Spoil = (good: Buffer, fault: Fault, memory: Memory) => Buffer;

const bodies: Partial<Record<FaultKind, Spoil>> = {
  short: (good) => good.subarray(0, good.length >> 1),
  oversized: (good) => Buffer.concat([good, randomBytes(good.length)]),
  html: (good) => Buffer.alloc(good.length, PAGE),
  text: (good) => Buffer.alloc(good.length, LINE),
  hex: (good) => Buffer.from(good.toString('hex').slice(0, good.length)),
  base64: (good) => Buffer.from(good.toString('base64').slice(0, good.length)),
  json: jsonArray,
  'stuck-byte': (good, { value = 0x55 }) => Buffer.alloc(good.length, value),
  'stuck-bit': (good, { value = 0 }) => Buffer.from(good.map((byte) => byte | (1 << value))),
  counter: (good, _, memory) => Buffer.from(good.map(() => memory.counter++)),
  repeat: (good, _, { last }) => (last.length === good.length ? last : good),
  zeros: withZeros,
  biased,
};

const contentTypes: Partial<Record<FaultKind, string>> = {
  html: 'text/html',
  text: 'text/plain',
  hex: 'text/plain',
  base64: 'text/plain',
  json: 'application/json',
};

/** What the appliance sends in place of `good`; `memory` is what it remembers of earlier answers. */
export function spoiled(fault: Fault, good: Buffer, memory: Memory): Buffer {
  return isLie(fault.kind)
    ? told(fault.kind, fault, good.length, memory)
    : (bodies[fault.kind]?.(good, fault, memory) ?? good);
}

function isLie(kind: FaultKind): kind is LieKind {
  return LIE_KINDS.some((lie) => lie === kind);
}

function told(kind: LieKind, { value, distance }: Fault, length: number, { liars }: Memory): Buffer {
  const options = {
    ...(value === undefined ? {} : { value }),
    ...(distance === undefined ? {} : { distance }),
  };
  const name = JSON.stringify([kind, options]);
  const lie = liars.get(name) ?? liar(kind, options);
  liars.set(name, lie);
  return lie(length);
}

/** What the appliance announces then. */
export function contentType(fault: Fault | undefined): string {
  return fault?.contentType ?? (fault && contentTypes[fault.kind]) ?? 'application/octet-stream';
}

/** A valid array of exactly as many characters as `good` has bytes. */
function jsonArray(good: Buffer): Buffer {
  const numbers = good
    .join(',')
    .slice(0, good.length - 2)
    .replace(/,\d*$/, '');
  return Buffer.from(`[${numbers.padEnd(good.length - 2)}]`);
}

function withZeros(good: Buffer): Buffer {
  const dice = randomBytes(good.length);
  return Buffer.from(good.map((byte, index) => ((dice[index] ?? 0) < 26 ? 0 : byte)));
}

/** P(a or (b and c)) = 1/2 + 1/2 * 1/4 = 5/8. */
function biased(good: Buffer): Buffer {
  const b = randomBytes(good.length);
  const c = randomBytes(good.length);
  return Buffer.from(good.map((a, index) => a | ((b[index] ?? 0) & (c[index] ?? 0))));
}
