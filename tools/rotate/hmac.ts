/**
 * Rotates the HMAC key, the gateway first: the old key becomes the previous one, which the gateway still accepts, until
 * every packet that was sealed with it has arrived or expired.
 *
 *   begin:  previous := current, current := new, copies := current        finish: previous := empty
 *
 * A run that was cut off is completed by the next one: a previous key that is the current one was not followed by a new one
 * yet, and a copy that differs was not written.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { CommandError } from '#libs/command-line';
import { read } from './step.js';
import type { Change, Step } from './step.js';

export interface HmacFiles {
  readonly current: string;
  readonly previous: string;
  /** Further files that hold the current key. */
  readonly copies: readonly string[];
}

export interface HmacOptions {
  /** 64 hex digits; random by default. */
  readonly key?: string | undefined;
  /** Whether to stop accepting the previous key. */
  readonly finish: boolean;
  /** Whether to stop accepting the old key now: it is known to others. */
  readonly atOnce: boolean;
  /** Whether to rotate a key that is younger than a day. */
  readonly again: boolean;
  /** How long a packet sealed with the previous key may still arrive, ms. */
  readonly overlapMs: number;
}

const DAY_MS = 86_400_000;

/** @throws {CommandError} when it is too early to finish, or a file cannot be read. */
export function rotateHmac(files: HmacFiles, options: HmacOptions, now: number): Step {
  const current = read(files.current).trim();
  const previous = read(files.previous).trim();
  const age = now - statSync(files.current).mtimeMs;
  const behind = files.copies.filter((path) => !existsSync(path) || read(path).trim() !== current);
  if (options.finish) return finish(files, { previous, age, behind }, options.overlapMs);
  if (options.atOnce) return begin(files, current, options, '');
  if (behind.length > 0 && current !== '') {
    return {
      changes: behind.map((path) => change(path, current, 'the new key')),
      next: previous === '' ? AT_ONCE : NEXT,
    };
  }
  const isBegun = previous !== '' && previous !== current;
  if (isBegun) return { changes: [], next: UNDER_WAY };
  if (previous === '' && age < DAY_MS && current !== '' && !options.again && options.key === undefined) {
    return {
      changes: [],
      next: `${files.current} is less than a day old: nothing to do (--again rotates it).`,
    };
  }
  return begin(files, current, options, current);
}

/** The new key alone, for a machine that has no previous one: the collector's. */
export function takeKey(path: string, key: string): Step {
  if (read(path).trim() === key) return { changes: [], next: `${path} has this key already: nothing to do.` };
  return {
    changes: [change(path, key, 'the new key')],
    next: 'The collector seals with the new key from now on.',
  };
}

/** @throws {CommandError} when the file cannot be read, or holds no key. */
export function readKey(path: string): string {
  const key = read(path).trim();
  if (!/^[0-9a-f]{64}$/i.test(key)) throw new CommandError(`${path} must hold a key of 64 hex digits`);
  return key;
}

function begin(files: HmacFiles, current: string, { key }: HmacOptions, previous: string): Step {
  const made = key ?? randomBytes(32).toString('hex');
  if (made === current) {
    return { changes: [], next: `${files.current} has this key already: nothing to do.` };
  }
  return {
    changes: [
      change(files.previous, previous, previous === '' ? 'empty' : 'the old key, still accepted'),
      ...[files.current, ...files.copies].map((path) => change(path, made, 'the new key')),
    ],
    next: previous === '' ? AT_ONCE : NEXT,
  };
}

function finish(
  files: HmacFiles,
  { previous, age, behind }: { previous: string; age: number; behind: readonly string[] },
  overlapMs: number,
): Step {
  if (previous === '') return { changes: [], next: 'No previous key is accepted: nothing to do.' };
  if (behind.length > 0) {
    throw new CommandError(
      `${behind.join(', ')} has another key than the gateway: run this without --finish first, and bring it to its machine.`,
    );
  }
  if (age < overlapMs) {
    const secs = Math.ceil((overlapMs - age) / 1000);
    throw new CommandError(
      `Too early: packets sealed with the old key may arrive for another ${secs} s.`,
      75,
    );
  }
  return {
    changes: [change(files.previous, '', 'empty')],
    next: 'The old key is accepted no more once the gateway has this.',
  };
}

const NEXT =
  'The old key is accepted beside it. When the collector has the new one, and ten minutes later, run this with --finish.';
const AT_ONCE = 'The old key is accepted no more: what was on its way is lost.';
const UNDER_WAY =
  'A rotation is under way: the previous key is still accepted. When every machine has the new one, run this with --finish.';

function change(path: string, key: string, what: string): Change {
  return { path, content: key === '' ? '' : `${key}\n`, what };
}
