/**
 * What was cut from the start of a receipt log, as a signed note that anybody can read: the hashes stay, the entries are gone.
 *
 *   qrng-dd receipts cut v1
 *   ORIGIN
 *   FIRST                        the first entry that is still there
 *   ISO TIME                     when it was cut
 */
import { readFileSync } from 'node:fs';
import { ifThere, replaceFile } from '#libs/files';
import { NoteError, openNote, signNote } from '#libs/tlog';
import type { NoteKey } from '#libs/tlog';

const HEADER = 'qrng-dd receipts cut v1';

export interface Cut {
  /** The first entry that is still there. */
  readonly first: number;
  readonly note: string;
}

/** The cut that the note at `path` is about; undefined where nothing was cut. @throws {NoteError} */
export function readCut(path: string, key: NoteKey): Cut | undefined {
  const note = ifThere(() => readFileSync(path, 'utf8'));
  if (note === undefined) return undefined;
  const [header, origin, first = ''] = openNote(note, [key]).split('\n');
  if (header !== HEADER || origin !== key.name || !/^\d{1,15}$/.test(first)) {
    throw new NoteError('not a note about what was cut');
  }
  return { first: Number(first), note };
}

/** Signs that all entries before `first` are gone, at `now` (Unix ms), and writes it to `path`, before they go. */
export function writeCut(path: string, key: NoteKey, first: number, now: number): Cut {
  const note = signNote(`${HEADER}\n${key.name}\n${first}\n${new Date(now).toISOString()}\n`, key);
  replaceFile(path, note);
  return { first, note };
}
