import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Channel } from '../link/channel.js';
import type { PacketRef } from '../pool/packet-ref.js';
import { Drawing } from './drawing.js';
import type { DrawRecord } from './drawing.js';
import { ForwardedReceipts, keepReceiptsFor } from './forwarded-receipts.js';
import type { ReceiptKeeper } from './token.js';
import { LineageBook } from './lineage-book.js';
import { LineageRecords } from './lineage-records.js';
import { ReceiptLog } from './receipt-log.js';
import { Receipts } from './receipts.js';
import type { Slot } from './receipts.js';

const key = { name: 'gateway.example.com/receipts', key: generateKeyPairSync('ed25519').privateKey };
const clock = { now: Date.now, monotonic: () => performance.now() };

let state: string;
let receipts: Receipts;
beforeEach(async () => {
  state = mkdtempSync(join(tmpdir(), 'qrng-forwarded-'));
  const directory = join(state, 'receipts');
  receipts = new Receipts({
    ...{ directory, log: await ReceiptLog.open(directory, key), book: new LineageBook(), clock },
    ...{ exchange: undefined, lineage: new LineageRecords(directory), salt: randomBytes(32) },
    ...{ retentionMs: 0, onCut: () => undefined },
  });
});
afterEach(async () => {
  await receipts.onApplicationShutdown();
  rmSync(state, { recursive: true });
});

/** A worker and its head; `held` counts the slots that the log keeps room for, `leave` is what happens when the worker is gone. */
function worker(around: (slot: Slot) => Slot = (slot) => slot): {
  forwarded: ForwardedReceipts;
  channel: Channel;
  held: () => number;
  leave: () => void;
} {
  let held = 0;
  const counted: ReceiptKeeper = {
    open: async (client, revealed) => {
      const slot = around(await receipts.open(client, revealed));
      held += 1;
      return { ...slot, release: () => void (slot.release(), (held -= 1)) };
    },
    receipt: (index, client) => receipts.receipt(index, client),
    file: (path) => receipts.file(path),
  };
  const fail = (error: unknown): void => {
    throw error;
  };
  const channel: Channel = new Channel((message) => setImmediate(() => head.receive(message)), fail);
  const head: Channel = new Channel((message) => setImmediate(() => channel.receive(message)), fail);
  return {
    ...{ forwarded: new ForwardedReceipts(channel), channel, held: () => held },
    leave: keepReceiptsFor(head, counted),
  };
}

function recordFor(client: Buffer): DrawRecord {
  const drawing = new Drawing({ client, request: 'GET /api/random', full: false }, Date.now);
  drawing.begin([]);
  return drawing.record(Buffer.from('00'));
}

test('two workers write into one log; each gives back its room', async () => {
  const [one, two] = [worker(), worker()];
  const indices = await Promise.all(
    [one, two, one].map(async ({ forwarded }) => {
      const slot = await forwarded.open('demo', 0);
      const index = await slot.append(recordFor(slot.client));
      slot.release();
      return index;
    }),
  );
  expect(indices.toSorted()).toEqual([0, 1, 2]);
  expect(await two.forwarded.receipt(0, 'demo')).toMatch(/^c2sp\.org\/tlog-proof@v1\n/);
  expect([one.held(), two.held()]).toEqual([0, 0]);
  expect(await one.forwarded.file('checkpoint')).toBe(await receipts.file('checkpoint'));
  expect(await one.forwarded.file('cut')).toBeUndefined();
});

test('a record does not keep the memory of the message that it came in', async () => {
  const kept: PacketRef[] = [];
  const { forwarded } = worker((slot) => ({
    ...slot,
    append: (record) => {
      kept.push(...record.packets);
      return slot.append(record);
    },
  }));
  const slot = await forwarded.open('demo', 0);
  const message = Buffer.alloc(100_000, 7); // buffers are views of it
  const packet = { collector: 'collector-1', boot: 1n, sequence: 1n, digest: message.subarray(7, 39) };
  await slot.append({ ...recordFor(slot.client), packets: [packet] });
  slot.release();
  expect(kept).toEqual([packet]);
  expect(kept[0]?.digest.buffer.byteLength).toBeLessThan(message.length);
});

test('errors of the API stay what they are on their way', async () => {
  const { forwarded } = worker();
  await expect(forwarded.receipt(7, 'demo')).rejects.toMatchObject({
    code: 'not-found',
    detail: 'There is no receipt 7 of this API key.',
  });
});

test('the room of a worker that is gone is given back, also where it was still asking; a head that is gone is 503', async () => {
  const { forwarded, channel, held, leave } = worker();
  await forwarded.open('demo', 100);
  await forwarded.open('demo', 100);
  expect(held()).toBe(2);
  const late = forwarded.open('demo', 100);
  await new Promise(setImmediate);
  leave();
  const slot = await late;
  expect(held()).toBe(0);
  await expect(slot.append(recordFor(slot.client))).rejects.toMatchObject({ code: 'unavailable' });
  channel.close();
  for (const asked of [
    forwarded.open('demo', 0),
    forwarded.receipt(0, 'demo'),
    forwarded.file('checkpoint'),
  ]) {
    await expect(asked).rejects.toMatchObject({ code: 'unavailable', extras: { retryAfterSecs: 1 } });
  }
});
