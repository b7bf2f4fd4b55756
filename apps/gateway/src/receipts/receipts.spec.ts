import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { encodeEntry } from '#libs/tlog';
import { LineageBook } from './lineage-book.js';
import { LineageRecords } from './lineage-records.js';
import { ReceiptLog } from './receipt-log.js';
import { Receipts } from './receipts.js';

const key = { name: 'gateway.example.com/receipts', key: generateKeyPairSync('ed25519').privateKey };
const DAY_MS = 86_400_000;
const DRAWN = Date.parse('2026-11-27T12:00:00Z');

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'qrng-receipts-'));
});
afterEach(() => rmSync(state, { recursive: true }));

const hash = randomBytes(32);
const entry = (time: number): Buffer =>
  encodeEntry({ time, client: hash, request: 'GET /api/random', answer: hash, lineage: [] });

/** Opens the log at `now`, has a packet come that was sealed at `sealedAt`, and closes it after a last look; how many entries were cut. */
async function cutAt(now: number, sealedAt: number | undefined): Promise<number> {
  const directory = join(state, 'receipts');
  const log = await ReceiptLog.open(directory, key);
  let cut = 0;
  const receipts = new Receipts({
    ...{ directory, log, book: new LineageBook(), exchange: undefined, salt: hash },
    lineage: new LineageRecords(directory),
    clock: { now: () => now, monotonic: () => performance.now() },
    retentionMs: 10 * DAY_MS,
    onCut: (entries) => (cut += entries),
  });
  if (sealedAt !== undefined) receipts.noteTime(sealedAt);
  await receipts.onApplicationShutdown();
  return cut;
}

test('retention removes what is older, to the millisecond, and only while a packet confirms the clock', async () => {
  const log = await ReceiptLog.open(join(state, 'receipts'), key);
  await Promise.all(
    Array.from({ length: 600 }, (_, i) => log.append({ entry: entry(DRAWN + i), extra: Buffer.of(1) })),
  );
  await log.close();
  const later = DRAWN + 11 * DAY_MS;
  expect(await cutAt(later, undefined)).toBe(0);
  expect(await cutAt(DRAWN + 99 * 365 * DAY_MS, DRAWN)).toBe(0); // a clock that leaped
  expect(await cutAt(DRAWN + 255 + 10 * DAY_MS, DRAWN + 10 * DAY_MS)).toBe(0); // the last of the tile is as old as it may be
  expect(await cutAt(DRAWN + 256 + 10 * DAY_MS, DRAWN + 10 * DAY_MS)).toBe(256);
  expect(await cutAt(later, later)).toBe(256);
  expect(await cutAt(later, later)).toBe(0); // the tile that grows stays
});
