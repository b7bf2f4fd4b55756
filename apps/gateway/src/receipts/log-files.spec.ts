import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openCheckpoint } from '#libs/tlog';
import { ReceiptLog } from './receipt-log.js';

const key = { name: 'gateway.example.com/receipts', key: generateKeyPairSync('ed25519').privateKey };
const stranger = { ...key, key: generateKeyPairSync('ed25519').privateKey };

let state: string;
let directory: string;
beforeEach(async () => {
  state = mkdtempSync(join(tmpdir(), 'qrng-log-files-'));
  directory = join(state, 'receipts');
  await live(directory, 0, 5);
});
afterEach(() => rmSync(state, { recursive: true }));

/** Opens the log, appends and publishes, and closes it. */
async function live(path: string, from: number, count: number, as = key): Promise<number> {
  const log = await ReceiptLog.open(path, as);
  const names = Array.from({ length: count }, (_, i) => `${from + i}`);
  await Promise.all(names.map((name) => log.append({ entry: Buffer.from(name), extra: Buffer.from('x') })));
  await log.close();
  return log.size;
}

const file = (name: string): string => join(directory, name);
const records = () => file('records/00000000');

describe('a log is refused', () => {
  test('with entries missing, which stay as they were found', async () => {
    const found = readFileSync(records());
    const rotten = Buffer.from(found);
    rotten[20] = (rotten[20] ?? 0) ^ 1; // in the first record
    writeFileSync(records(), rotten);
    await expect(live(directory, 5, 1)).rejects.toThrow('it has 0 entries, and 5 were signed');
    expect(readFileSync(records())).toEqual(rotten);
    truncateSync(records(), 60);
    await expect(live(directory, 5, 1)).rejects.toThrow('and 5 were signed');
  });

  test('with another history', async () => {
    const other = join(state, 'elsewhere/receipts');
    await live(other, 10, 5);
    cpSync(join(other, 'records'), file('records'), { recursive: true });
    await expect(live(directory, 5, 1)).rejects.toThrow('not those that were signed');
  });

  test('without its checkpoint, or with that of another key', async () => {
    await expect(live(directory, 5, 1, stranger)).rejects.toThrow('not signed by QRNG_RECEIPTS_KEY');
    rmSync(file('checkpoint'));
    await expect(live(directory, 5, 1)).rejects.toThrow('its checkpoint is missing');
  });

  test('with a file of another kind, or one that has the records of another', async () => {
    await live(directory, 5, 300);
    writeFileSync(file('records/00000002'), 'something else, long enough');
    await expect(live(directory, 5, 1)).rejects.toThrow('is not a file of receipts');
    cpSync(file('records/00000001'), file('records/00000002'));
    await expect(live(directory, 5, 1)).rejects.toThrow('has the records of another file');
  });

  test('when somebody put back a backup from yesterday, though that is sound', async () => {
    const backup = join(state, 'backup');
    cpSync(directory, backup, { recursive: true });
    await live(directory, 5, 3);
    rmSync(directory, { recursive: true });
    cpSync(backup, directory, { recursive: true });
    await expect(live(directory, 20, 1)).rejects.toThrow(
      /it has 5 entries, and 8 were signed \(the checkpoint in \S+\/receipt-checkpoints\/[0-9a-f]{64}\).*QRNG_RECEIPTS_ORIGIN/,
    );
  });

  test('when it went on from the backup elsewhere, up to a larger size', async () => {
    const other = join(state, 'elsewhere/receipts');
    cpSync(directory, other, { recursive: true });
    await live(directory, 5, 3);
    await live(other, 20, 10);
    rmSync(directory, { recursive: true });
    cpSync(other, directory, { recursive: true });
    await expect(live(directory, 30, 1)).rejects.toThrow('its entries are not those that were signed');
  });

  test('when it was removed, under the same name; under another one it begins', async () => {
    rmSync(directory, { recursive: true });
    await expect(live(directory, 0, 1)).rejects.toThrow('it has 0 entries, and 5 were signed');
    rmSync(directory, { recursive: true });
    expect(await live(directory, 0, 1, { ...stranger, name: 'gateway.example.com/receipts2' })).toBe(1);
  });
});

describe('a log goes on', () => {
  test('where a crash came between the two copies of its checkpoint', async () => {
    const before = readFileSync(file('checkpoint'));
    await live(directory, 5, 3);
    writeFileSync(file('checkpoint'), before);
    expect(await live(directory, 8, 1)).toBe(9);
  });

  test('where a kill left the copy of its checkpoint behind, also on another machine that has this copy alone', async () => {
    const before = readFileSync(file('checkpoint'));
    const log = await ReceiptLog.open(directory, key);
    for (const name of ['5', '6']) {
      await log.append({ entry: Buffer.from(name), extra: Buffer.from('x') });
      log.publish();
    }
    const published = openCheckpoint(log.checkpoint, [key]);
    const other = join(state, 'elsewhere/receipts');
    cpSync(directory, other, { recursive: true });
    await log.close();
    expect(openCheckpoint(readFileSync(file('checkpoint'), 'utf8'), [key])).toEqual(published);
    writeFileSync(join(other, 'checkpoint'), before);
    const again = await ReceiptLog.open(other, key);
    expect(openCheckpoint(again.checkpoint, [key])).toEqual(published);
    await again.close();
  });

  test('from a directory that was moved to another machine', async () => {
    const other = join(state, 'elsewhere/receipts');
    cpSync(directory, other, { recursive: true });
    expect(await live(other, 5, 1)).toBe(6);
  });

  test('where a crash left files that were made for records that never came', async () => {
    const empty = readFileSync(records()).subarray(0, 16);
    for (const tile of [1, 2]) {
      const header = Buffer.from(empty);
      header.writeBigUInt64BE(BigInt(tile), 8);
      writeFileSync(file(`records/0000000${tile}`), Buffer.concat([header, Buffer.alloc(65_536)]));
    }
    expect(await live(directory, 5, 252)).toBe(257);
    expect(readdirSync(file('records'))).toEqual(['00000000', '00000001']);
  });

  test('where a crash left a torn record, and nothing of that comes back', async () => {
    const whole = readFileSync(records());
    const torn = Buffer.concat([whole, whole.subarray(16)]);
    writeFileSync(records(), torn);
    expect(await live(directory, 5, 1)).toBe(6);
    const log = await ReceiptLog.open(directory, key);
    expect(log.size).toBe(6);
    await log.close();
  });
});

test('a tile whose file lost a record is an error, and never served as one of fewer entries', async () => {
  await live(directory, 5, 300);
  truncateSync(records(), 1000);
  const log = await ReceiptLog.open(directory, key);
  await expect(log.entryTile(0, 256)).rejects.toThrow('whole records instead of 256');
  await expect(log.record(255)).rejects.toThrow('whole records instead of 256');
  await log.close();
});

test('records that a crash kept from being removed by retention go at the next start', async () => {
  await live(directory, 5, 600);
  const kept = readFileSync(records());
  const log = await ReceiptLog.open(directory, key);
  await log.cutOld((entry) => Number(entry.toString()) < 300, 0);
  await log.close();
  writeFileSync(records(), kept);
  expect(await live(directory, 605, 1)).toBe(606);
  expect(readdirSync(file('records'))).toEqual(['00000001', '00000002']);
});
