/**
 * Checks an audit trail: every line follows the one before it, over all files, up to the head.
 *
 * Found: a line or a file that was changed, removed or moved, at either end as well. Not found: what somebody with write
 * access to the directory rewrote from some line on to the end, chain and head. Against that the gateway logs the hash
 * of the last line each day and at each start (`audit-head`): keep logs elsewhere, and give such a hash as an anchor.
 */
import { join } from 'node:path';
import { BEGINNING, lineHash, previousOf } from './audit-line.js';
import { linesOf, readHead, trailFiles } from './trail-files.js';

export interface TrailReport {
  readonly files: number;
  readonly lines: number;
  readonly last: string;
  /** What is wrong, as `FILE:LINE: what`; empty for a trail that is as it was written. */
  readonly problems: string[];
  /** What is worth knowing and no damage. */
  readonly notes: string[];
}

interface Walk {
  lines: number;
  last: string;
  readonly problems: string[];
  readonly notes: string[];
  /** What the first line says it follows. */
  first: string | undefined;
  /** Hashes that a line must have, and whether one has. */
  readonly sought: Map<string, boolean>;
  readonly head: string | undefined;
  /** Lines that the head does not know. */
  sinceHead: number;
}

/**
 * @param anchors hashes of lines that the trail must contain, noted earlier and elsewhere.
 * @throws errors of the file system.
 */
export async function verifyTrail(directory: string, anchors: readonly string[] = []): Promise<TrailReport> {
  const head = await readHead(directory); // first: a gateway that is writing adds lines meanwhile
  const files = await trailFiles(directory);
  const sought = new Map([...anchors, ...(head === undefined ? [] : [head])].map((hash) => [hash, false]));
  if (head === BEGINNING) sought.set(head, true); // noted before the first line
  const walk: Walk = {
    lines: 0,
    last: BEGINNING,
    problems: [],
    notes: [],
    first: undefined,
    sought,
    head,
    sinceHead: 0,
  };
  for (const file of files) await walkFile(directory, file, file === files.at(-1), walk);
  await checkBeginning(directory, files, walk);
  if (head === undefined) walk.problems.push('head: is missing, so lines may be missing from the end');
  for (const [hash, found] of sought) {
    if (found) continue;
    const what = hash === head ? 'head: the line it names is missing: lines were cut off at the end' : '';
    walk.problems.push(what || `anchor ${hash}: no line has this hash`);
  }
  const { lines, last, problems, notes, sinceHead } = walk;
  if (sinceHead > 0) {
    notes.push(
      `head: does not know the last ${sinceHead} lines (being written now, or a crash; else they were added)`,
    );
  }
  return { files: files.length, lines, last, problems, notes };
}

async function walkFile(directory: string, file: string, isLast: boolean, walk: Walk): Promise<void> {
  let number = 0;
  for await (const { line, whole } of linesOf(join(directory, file))) {
    const place = `${file}:${++number}`;
    if (!whole && isLast) {
      walk.notes.push(`${place}: is not finished (being written now, or cut by a crash)`);
      return;
    }
    walk.lines += 1;
    const text = line.toString('utf8');
    const previous = previousOf(text);
    walk.first ??= previous ?? '';
    if (previous === undefined) walk.problems.push(`${place}: is no line of an audit trail`);
    else if (previous !== walk.last && walk.lines > 1) {
      walk.problems.push(
        `${place}: does not follow the line before it: that one was changed, or lines are missing`,
      );
    }
    if (text.includes('"event":"trail-damaged"')) {
      walk.problems.push(`${place}: the gateway found the trail damaged when it started`);
    }
    walk.last = lineHash(line);
    if (walk.sought.has(walk.last)) walk.sought.set(walk.last, true);
    walk.sinceHead = walk.last === walk.head ? 0 : walk.sinceHead + 1;
  }
}

/** A trail begins with zeros, or where retention removed the files before: a later line then names their last hash. */
async function checkBeginning(directory: string, files: readonly string[], walk: Walk): Promise<void> {
  if (walk.first === undefined) walk.problems.push('there is no line');
  if (walk.first === undefined || walk.first === BEGINNING) return;
  for (const file of files) {
    for await (const { line } of linesOf(join(directory, file))) {
      const text = line.toString('utf8');
      if (text.includes('"event":"file-removed"') && text.includes(` ${walk.first}"`)) {
        walk.notes.push(`${files[0] ?? ''}: older files were removed by retention`);
        return;
      }
    }
  }
  walk.problems.push(`${files[0] ?? ''}:1: lines or files before it are missing`);
}
