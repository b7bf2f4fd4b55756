/** The files of the audit trail, as its writer and its verifier read them. */
import { createReadStream } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '#libs/files';

const FILE = /^audit-(\d{4}-\d{2}-\d{2})\.jsonl$/;
const NEWLINE = 10;

/** The names of the day files in `directory`, oldest first. */
export async function trailFiles(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => FILE.test(name)).sort();
}

/** The day (UTC) of a moment in Unix ms, such as 2026-11-23. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

export function fileOf(day: string): string {
  return `audit-${day}.jsonl`;
}

/** The day of a day file. */
export function dayOfFile(name: string): string {
  return FILE.exec(name)?.[1] ?? '';
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
  try {
    return /^[0-9a-f]{64}(?=\n$)/.exec(await readFile(join(directory, 'head'), 'latin1'))?.[0];
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
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
