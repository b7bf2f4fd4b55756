import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { LineageRecords } from './lineage-records.js';
import { Reads } from './reads.js';
import { ReceiptLog } from './receipt-log.js';

const key = { name: 'gateway.example.com/receipts', key: generateKeyPairSync('ed25519').privateKey };

let state: string;
let directory: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'qrng-reads-'));
  directory = join(state, 'receipts');
});
afterEach(() => rmSync(state, { recursive: true }));

/** A log of one full tile and the beginning of the next. */
async function fullLog(): Promise<ReceiptLog> {
  const log = await ReceiptLog.open(directory, key);
  const records = Array.from({ length: 300 }, (_, i) => ({
    entry: Buffer.from(`${i}`),
    extra: Buffer.of(1),
  }));
  await Promise.all(records.map((record) => log.append(record)));
  log.publish();
  return log;
}

test.each([
  ['is damaged', (file: string) => writeFileSync(file, randomBytes(100))],
  [
    'is none any more',
    (file: string) => {
      rmSync(file);
      mkdirSync(file);
    },
  ],
])('a file of records that %s is 503 for all who ask, and other receipts are given', async (_, spoil) => {
  const log = await fullLog();
  const reads = new Reads();
  spoil(join(directory, 'records/00000000'));
  const all = Array.from({ length: 50 }, (__, index) => reads.of(() => log.record(index)));
  for (const one of all) await expect(one).rejects.toMatchObject({ code: 'unavailable' });
  expect(await reads.of(() => log.record(299))).toMatchObject({ entry: Buffer.from('299') });
  await log.close();
});

test('a tile of hashes that is cut short is 503, too', async () => {
  const log = await fullLog();
  writeFileSync(join(directory, 'tile/0/000'), 'short');
  await expect(new Reads().of(() => log.hashTile(0, 0, 256))).rejects.toMatchObject({ code: 'unavailable' });
  await log.close();
});

test('two files that cannot be read are two lines in the log, in whatever order they are asked for', async () => {
  const lines: unknown[] = [];
  const note = (line: unknown): void => void lines.push(line);
  Logger.overrideLogger({ log: note, warn: note, error: note, fatal: note });
  try {
    const log = await fullLog();
    const reads = new Reads();
    for (const file of ['records/00000000', 'tile/0/000']) writeFileSync(join(directory, file), 'short');
    for (let again = 0; again < 3; again++) {
      await expect(reads.of(() => log.record(1))).rejects.toMatchObject({ code: 'unavailable' });
      await expect(reads.of(() => log.hashTile(0, 0, 256))).rejects.toMatchObject({ code: 'unavailable' });
    }
    await log.close();
  } finally {
    Logger.overrideLogger(['error']);
  }
  const line = { event: 'receipt-log-unreadable' };
  expect(lines).toMatchObject([line, line]);
});

test('an error of the program stays what it is', async () => {
  const reading = new Reads().of(() => {
    throw new TypeError('a defect');
  });
  await expect(reading).rejects.toThrow(TypeError);
});

test('proofs whose file is damaged keep no others from the disk', async () => {
  const records = new LineageRecords(directory);
  writeFileSync(join(directory, 'lineage/00000000'), 'something else');
  const written: number[] = [];
  const proofs = new Map([3, 300].map((index) => [index, []]));
  await expect(records.write(proofs, (index) => written.push(index))).rejects.toThrow(
    'not a file of receipts',
  );
  expect(written).toEqual([300]);
  expect(await records.read(300)).toEqual([]);
});
