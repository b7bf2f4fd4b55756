import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { recordPath, RecordFile } from './record-file.js';
import type { LogRecord } from './record-file.js';
import { RecordFiles } from './record-files.js';

const HOOK = Symbol.for('qrng.failpoint');
const hooks = globalThis as Record<symbol, ((name: string) => void) | undefined>;
const record: LogRecord = { entry: Buffer.from('entry'), extra: Buffer.alloc(500) };

let directory: string;
let files: RecordFiles;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'qrng-record-files-'));
  mkdirSync(join(directory, 'records'));
  files = new RecordFiles(directory, await RecordFile.create(recordPath(directory, 0), 0));
});
afterEach(async () => {
  hooks[HOOK] = undefined;
  await files.close();
  rmSync(directory, { recursive: true });
});

const append = (count: number): Promise<void> => files.append(() => Array<LogRecord>(count).fill(record));

/** The disk takes no new block and no new file from now on. */
function fillDisk(): void {
  hooks[HOOK] = (name) => {
    if (name === 'receipts-uncreated' || name === 'receipt-unreserved') {
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    }
  };
}

test.each([0, 255, 256])(
  'what was promised is kept on a disk that is full since, with %i records in the file, over as many files as it takes',
  async (before) => {
    await append(before);
    const releases = await Promise.all(Array.from({ length: 300 }, () => files.reserve(1000)));
    fillDisk();
    for (const release of releases) {
      await append(1);
      release();
    }
    expect(files.growing.tile * 256 + files.growing.records.length).toBe(before + 300);
  },
);

test('a full disk refuses the promise, not the record, where the next one begins a new file', async () => {
  await append(255);
  (await files.reserve(1000))();
  fillDisk();
  const release = await files.reserve(1000);
  await append(1);
  release();
  await expect(files.reserve(1000)).rejects.toThrow('no space');
  hooks[HOOK] = undefined;
  (await files.reserve(1000))();
});

test('room is promised and used by many at once, over files that are filled meanwhile', async () => {
  let given = 0;
  const client = async (): Promise<void> => {
    while (given++ < 600) {
      const release = await files.reserve(65_536);
      await append(1);
      release();
    }
  };
  await Promise.all(Array.from({ length: 32 }, client));
  expect(files.growing.tile * 256 + files.growing.records.length).toBe(600);
});

test('files that were made for promises that came to nothing are gone when it is closed', async () => {
  const releases = await Promise.all(Array.from({ length: 600 }, () => files.reserve(100)));
  expect(readdirSync(join(directory, 'records'))).toHaveLength(3);
  for (const release of releases) release();
  await files.close();
  expect(readdirSync(join(directory, 'records'))).toEqual(['00000000']);
  files = new RecordFiles(directory, await RecordFile.open(recordPath(directory, 0)));
});
