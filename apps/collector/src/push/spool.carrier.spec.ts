import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { MacKey, sealPacket } from '#libs/crypto';
import { SpoolCarrier } from './spool.carrier.js';

const key = MacKey.fromHex(randomBytes(32).toString('hex'));
let directory: string;
let carrier: SpoolCarrier;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'qrng-spool-'));
  carrier = new SpoolCarrier({ directory, maxBytes: 3000, maxData: 1000 });
  await carrier.open();
});
afterEach(() => rmSync(directory, { recursive: true }));

function packet(sequence: bigint): Buffer {
  const fields = { type: 'entropy', collector: 'lab-1', boot: 2n ** 63n, timestamp: 1n, age: 0 } as const;
  return sealPacket({ ...fields, sequence }, randomBytes(1000), key);
}

test('a packet is a file that is named after its number, and gone', async () => {
  const bytes = packet(7n);
  expect(await carrier.send(bytes)).toEqual({ kind: 'gone' });
  expect(readdirSync(directory)).toEqual(['lab-1-9223372036854775808-7.qrng']);
  expect(readFileSync(join(directory, 'lab-1-9223372036854775808-7.qrng'))).toEqual(bytes);
});

test('a full spool takes nothing until something was moved away', async () => {
  expect(await carrier.send(packet(1n))).toEqual({ kind: 'gone' });
  expect(await carrier.send(packet(2n))).toEqual({ kind: 'gone' });
  expect(await carrier.send(packet(3n))).toEqual({ kind: 'full' });
  rmSync(join(directory, 'lab-1-9223372036854775808-1.qrng'));
  expect(await carrier.send(packet(3n))).toEqual({ kind: 'gone' });
});

test('what cannot be written was not sent, and nothing of it stays', async () => {
  rmSync(directory, { recursive: true });
  expect(await carrier.send(packet(1n))).toEqual({ kind: 'unsent', reason: 'ENOENT' });
  directory = mkdtempSync(join(tmpdir(), 'qrng-spool-'));
});

test('the draft of a run that was killed is removed, and what was sent stays', async () => {
  await carrier.send(packet(1n));
  writeFileSync(join(directory, '.lab-1-1-2.tmp'), 'half a pack');
  await carrier.open();
  expect(readdirSync(directory)).toEqual(['lab-1-9223372036854775808-1.qrng']);
});

test('a directory that is not there is a setting that must change', async () => {
  const nowhere = new SpoolCarrier({ directory: join(directory, 'nowhere'), maxBytes: 1, maxData: 1 });
  await expect(nowhere.open()).rejects.toThrow('QRNG_PUSH_URL must name a directory');
});
