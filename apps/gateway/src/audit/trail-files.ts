/** The files of the audit trail, as its writer and its verifier read them. */
import { createReadStream } from 'node:fs';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, ignoreMissing } from '#libs/files';

/** audit-DAY.jsonl, and audit-DAY.N.jsonl for what was begun while the clock was ahead of that day: see `comeBack`. */
const FILE = /^audit-(\d{4}-\d{2}-\d{2})(?:\.([1-9]\d{0,8}))?\.jsonl$/;
const NEWLINE = 10;
const DAY_MS = 86_400_000;

/** The day (UTC) that a file is of, such as 2026-11-23, and which of that day's files it is, from 0. */
export interface TrailDay {
  readonly day: string;
  readonly part: number;
}

/** The names of the day files in `directory`, in the order in which they were begun. */
export async function trailFiles(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => FILE.test(name));
  return names.sort((one, other) => compareDays(dayOfFile(one), dayOfFile(other)));
}

/** The day (UTC) of a moment in Unix ms, such as 2026-11-23. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

export function fileOf({ day, part }: TrailDay): string {
  return part === 0 ? `audit-${day}.jsonl` : `audit-${day}.${part}.jsonl`;
}

export function dayOfFile(name: string): TrailDay {
  const [, day = '', part = '0'] = FILE.exec(name) ?? [];
  return { day, part: Number(part) };
}

/** Whether a line of this moment (Unix ms) begins a file after those of `current`. */
export function isAfter(current: TrailDay, at: number): boolean {
  return dayOf(at) > current.day;
}

/** Whether the clock went back by more than a day: less begins no other file, and the line goes where the latest ones are. */
export function isBack(current: TrailDay, at: number): boolean {
  return dayOf(at + DAY_MS) < current.day;
}

/**
 * Gives the files that were begun while the clock was ahead the day on which they were in truth: the one of `at` (Unix ms),
 * behind what that day has already. The oldest first, so that their order is that of the chain at every moment.
 *
 * @returns that of the last of them.
 */
export async function comeBack(directory: string, at: number): Promise<TrailDay> {
  const day = dayOf(at);
  const files = await trailFiles(directory);
  const parts = files.map(dayOfFile).filter((file) => file.day === day);
  let part = Math.max(-1, ...parts.map((file) => file.part));
  for (const name of files.filter((file) => dayOfFile(file).day > day)) {
    part += 1;
    await rename(join(directory, name), join(directory, fileOf({ day, part })));
  }
  return { day, part: Math.max(0, part) };
}

function compareDays(one: TrailDay, other: TrailDay): number {
  if (one.day !== other.day) return one.day < other.day ? -1 : 1;
  return one.part - other.part;
}

/** The lines of a file as bytes without their newline; `whole` is false for a last one that has none. */
export async function* linesOf(path: string): AsyncGenerator<{ line: Buffer; whole: boolean }> {
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path)) {
    const bytes = Buffer.concat([rest, chunk as Buffer]);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      yield { line: bytes.subarray(start, end), whole: true };
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
  if (rest.length > 0) yield { line: rest, whole: false };
}

/** The hash of the last line, as the writer noted it beside the files; undefined when the note is missing or not a hash. */
export async function readHead(directory: string): Promise<string | undefined> {
  const text = await readFile(join(directory, 'head'), 'latin1').catch(ignoreMissing);
  return /^[0-9a-f]{64}(?=\n$)/.exec(text ?? '')?.[0];
}

/** Notes the hash of the last line. 65 bytes in place: a crash leaves the old ones or the new ones. */
export async function writeHead(directory: string, hash: string): Promise<void> {
  await writeFile(join(directory, 'head'), `${hash}\n`, { flag: 'r+', mode: 0o600 }).catch(
    (error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw error;
      return writeFile(join(directory, 'head'), `${hash}\n`, { mode: 0o600 });
    },
  );
}
