/** Opens the files of a receipt log, once it is certain that they go on from what was signed. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '#libs/files';
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

/** @throws {ReceiptLogError} when the log is damaged or another's; errors of the file system. */
export async function openLogFiles(directory: string, key: NoteKey): Promise<LogFiles> {
  const folder = recordFolder(directory);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const last = readdirSync(folder)
    .filter((name) => /^\d{8}$/.test(name))
    .sort()
    .at(-1);
  const file = last === undefined ? await create(directory) : await openFile(directory, join(folder, last));
  try {
    const tiles = new HashTiles(directory);
    for (let tile = 0; tile < file.tile; tile++) {
      if (!tiles.restore(tile)) await rebuild(directory, tiles, tile);
    }
    for (const { entry } of file.records) tiles.add(leafHash(entry));
    const size = file.tile * TILE_WIDTH + file.records.length;
    return { tiles, file, signed: readSigned(directory, key, size, tiles), cut: cutOf(directory, key) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function create(directory: string): Promise<RecordFile> {
  return RecordFile.create(recordPath(directory, 0), 0);
}

async function openFile(directory: string, path: string): Promise<RecordFile> {
  try {
    return await RecordFile.open(path);
  } catch (error) {
    if (error instanceof RecordFileError) throw damaged(directory, error.message);
    throw error;
  }
}

/** A tile that a crash kept from the disk, again from its entries. */
async function rebuild(directory: string, tiles: HashTiles, tile: number): Promise<void> {
  try {
    for (const { entry } of await RecordFile.read(recordPath(directory, tile))) tiles.add(leafHash(entry));
  } catch (error) {
    throw damaged(directory, `hashes and records ${tile} are missing (${errorCode(error)})`);
  }
}

function readSigned(directory: string, key: NoteKey, size: number, tiles: HashTiles): Signed {
  let note: string;
  try {
    note = readFileSync(join(directory, 'checkpoint'), 'utf8');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    if (size > 0) throw damaged(directory, 'its checkpoint is missing');
    return { size: 0, note: '' };
  }
  const checkpoint = checkpointOf(note, key, directory);
  if (checkpoint.size > size) {
    throw damaged(directory, `it has ${size} entries, and ${checkpoint.size} were signed`);
  }
  if (!treeRoot(checkpoint.size, tiles.subtree).equals(checkpoint.root)) {
    throw damaged(directory, 'its entries are not those that were signed');
  }
  return { size: checkpoint.size, note };
}

function cutOf(directory: string, key: NoteKey): Cut | undefined {
  try {
    return readCut(join(directory, 'cut'), key);
  } catch (error) {
    if (error instanceof NoteError) throw damaged(directory, 'its file cut was not signed by it');
    throw error;
  }
}

function checkpointOf(note: string, key: NoteKey, directory: string): Checkpoint {
  try {
    return openCheckpoint(note, [key]);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    throw damaged(directory, `its checkpoint is not signed by QRNG_RECEIPTS_KEY as ${key.name}`);
  }
}

function damaged(directory: string, reason: string): ReceiptLogError {
  return new ReceiptLogError(
    `the receipt log in ${directory} is damaged: ${reason}. Restore it from a backup, or begin a new log: move the directory ` +
      'away and choose another QRNG_RECEIPTS_ORIGIN, since two histories under one name are a broken promise',
  );
}
