/** Opens the files of a receipt log, once it is certain that they go on from what was signed. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode, ifThere, makeDirectory } from '#libs/files';
import { leafHash, NoteError, openCheckpoint, TILE_WIDTH, treeRoot } from '#libs/tlog';
import type { Checkpoint, NoteKey } from '#libs/tlog';
import { HashTiles } from './hash-tiles.js';
import { RecordFile, RecordFileError, recordFolder, recordPath } from './record-file.js';
import { readCut } from './retention.js';
import type { Cut } from './retention.js';

/** The log on disk is not one that this gateway may go on with. The message says what to do. */
export class ReceiptLogError extends Error {
  override readonly name = 'ReceiptLogError';
}

/** The last state that was signed. */
export interface Signed {
  readonly size: number;
  readonly note: string;
}

interface LogFiles {
  readonly tiles: HashTiles;
  /** The file that grows. */
  readonly file: RecordFile;
  readonly signed: Signed;
  readonly cut: Cut | undefined;
}

/**
 * Opens them; nothing that is there is changed but for files without a record.
 *
 * @throws {ReceiptLogError} when the log is damaged or another's; errors of the file system.
 */
export async function openLogFiles(directory: string, key: NoteKey): Promise<LogFiles> {
  makeDirectory(recordFolder(directory), 0o700);
  makeDirectory(dirname(rememberedPath(directory, key.name)), 0o700);
  const { file, empty } = await growingFile(directory);
  try {
    const tiles = new HashTiles(directory);
    for (let tile = 0; tile < file.tile; tile++) {
      if (!tiles.restore(tile)) await rebuild(directory, tiles, tile);
    }
    for (const { entry } of file.records) tiles.add(leafHash(entry));
    const size = file.tile * TILE_WIDTH + file.records.length;
    const signed = readSigned(directory, key, size, tiles);
    const cut = cutOf(directory, key);
    for (const path of empty) rmSync(path);
    return { tiles, file, signed, cut };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Where the last checkpoint of a log is remembered outside its directory: someone who puts back a backup of that, or removes it, does not
 * put this back.
 */
export function rememberedPath(directory: string, origin: string): string {
  return join(dirname(directory), 'receipt-checkpoints', createHash('sha256').update(origin).digest('hex'));
}

/** The file that grows, and files behind it that were made for records that never came. */
async function growingFile(directory: string): Promise<{ file: RecordFile; empty: string[] }> {
  const folder = recordFolder(directory);
  const names = readdirSync(folder).filter((name) => /^\d{8,}$/.test(name));
  const paths = names.sort((a, b) => Number(b) - Number(a)).map((name) => join(folder, name));
  const empty: string[] = [];
  for (const [i, path] of paths.entries()) {
    const before = paths[i + 1];
    const file = await opened(directory, path);
    if (file.records.length > 0 || before === undefined || (await isFull(directory, before))) {
      return { file, empty };
    }
    await file.close();
    empty.push(path);
  }
  return { file: await RecordFile.create(recordPath(directory, 0), 0), empty };
}

async function isFull(directory: string, path: string): Promise<boolean> {
  return (await readable(directory, () => RecordFile.read(path))).length === TILE_WIDTH;
}

async function opened(directory: string, path: string): Promise<RecordFile> {
  const file = await readable(directory, () => RecordFile.open(path));
  if (recordPath(directory, file.tile) === path) return file;
  await file.close();
  throw damaged(directory, `${path} has the records of another file`);
}

async function readable<T>(directory: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof RecordFileError) throw damaged(directory, error.message);
    throw error;
  }
}

/** A tile that a crash kept from the disk, again from its entries. */
async function rebuild(directory: string, tiles: HashTiles, tile: number): Promise<void> {
  try {
    for (const { entry } of await RecordFile.readFull(recordPath(directory, tile))) {
      tiles.add(leafHash(entry));
    }
  } catch (error) {
    throw damaged(directory, `hashes and records ${tile} are missing (${errorCode(error)})`);
  }
}

/** The last state that was signed, of those that the log and the memory beside it know. Its entries are those of the log. */
function readSigned(directory: string, key: NoteKey, size: number, tiles: HashTiles): Signed {
  const remembered = rememberedPath(directory, key.name);
  const [note, memory] = [join(directory, 'checkpoint'), remembered].map((path) =>
    ifThere(() => readFileSync(path, 'utf8')),
  );
  if (note === undefined && size > 0) throw damaged(directory, 'its checkpoint is missing');
  let signed: Signed = { size: 0, note: '' };
  for (const [one, of] of [
    [note, 'its checkpoint'],
    [memory, `the checkpoint in ${remembered}`],
  ] as const) {
    if (one === undefined) continue;
    const checkpoint = checkpointOf(one, key, directory, of);
    if (checkpoint.size > size) {
      throw damaged(directory, `it has ${size} entries, and ${checkpoint.size} were signed (${of})`);
    }
    if (!treeRoot(checkpoint.size, tiles.subtree).equals(checkpoint.root)) {
      throw damaged(directory, `its entries are not those that were signed (${of})`);
    }
    if (signed.note === '' || checkpoint.size > signed.size) signed = { size: checkpoint.size, note: one };
  }
  return signed;
}

function cutOf(directory: string, key: NoteKey): Cut | undefined {
  try {
    return readCut(join(directory, 'cut'), key);
  } catch (error) {
    if (error instanceof NoteError) throw damaged(directory, 'its file cut was not signed by it');
    throw error;
  }
}

function checkpointOf(note: string, key: NoteKey, directory: string, of: string): Checkpoint {
  try {
    return openCheckpoint(note, [key]);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    throw damaged(directory, `${of} is not signed by QRNG_RECEIPTS_KEY as ${key.name}`);
  }
}

function damaged(directory: string, reason: string): ReceiptLogError {
  return new ReceiptLogError(
    `the receipt log in ${directory} is damaged: ${reason}. Restore it from a backup, or begin a new log: move the directory ` +
      'away and choose another QRNG_RECEIPTS_ORIGIN, since two histories under one name are a broken promise',
  );
}
