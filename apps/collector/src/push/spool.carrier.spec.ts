import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
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
afterEach(() => rmSync(directory, { recursive: true, maxRetries: 10 }));

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

test.each<[string, (path: string) => void]>([
  ['a FIFO', (path) => execFileSync('mkfifo', [path])],
  ['a link to another file', (path) => symlinkSync(join(directory, 'precious'), path)],
  ['a directory', (path) => mkdirSync(join(path, 'full'), { recursive: true })],
  ['a file', (path) => writeFileSync(path, 'half a pack')],
])('%s in the place of the draft is replaced and never written to', async (_, lay) => {
  writeFileSync(join(directory, 'precious'), 'precious');
  lay(join(directory, '.lab-1-9223372036854775808-1.tmp'));
  expect(await carrier.send(packet(1n))).toEqual({ kind: 'gone' });
  expect(readdirSync(directory).sort()).toEqual(['lab-1-9223372036854775808-1.qrng', 'precious']);
  expect(lstatSync(join(directory, 'lab-1-9223372036854775808-1.qrng')).isFile()).toBe(true);
  expect(readFileSync(join(directory, 'precious'), 'utf8')).toBe('precious');
});

test('links that lead nowhere or in a circle among the packets hold up none', async () => {
  symlinkSync('circle.qrng', join(directory, 'circle.qrng'));
  symlinkSync('/no/such/place', join(directory, 'nowhere.qrng'));
  expect(await carrier.send(packet(1n))).toEqual({ kind: 'gone' });
});

test('what cannot get its name was not sent, and the draft goes', async () => {
  const path = join(directory, 'lab-1-9223372036854775808-1.qrng');
  mkdirSync(path);
  expect(await carrier.send(packet(1n))).toEqual({ kind: 'unsent', reason: 'EISDIR' });
  expect(readdirSync(directory)).toEqual(['lab-1-9223372036854775808-1.qrng']);
});

test('where a mover takes the draft itself the outcome is unknown, so that the same packet is sent again', async () => {
  const sealed = packet(1n);
  let taken = false;
  const mover = async (): Promise<void> => {
    while (!taken) {
      try {
        renameSync(
          join(directory, '.lab-1-9223372036854775808-1.tmp'),
          join(directory, 'taken-by-the-mover'),
        );
        taken = true;
      } catch {
        await setImmediate();
      }
    }
  };
  const [outcome] = await Promise.all([carrier.send(sealed), mover()]);
  expect(outcome).toEqual({ kind: 'unknown', reason: 'ENOENT' });
  expect(await carrier.send(sealed)).toEqual({ kind: 'gone' });
});

test('hidden files of others are not touched', async () => {
  writeFileSync(join(directory, '.of-the-mover.tmp'), '');
  await carrier.open();
  expect(readdirSync(directory)).toEqual(['.of-the-mover.tmp']);
});

test('the end of the run waits for no disk', async () => {
  const sending = carrier.send(packet(1n));
  carrier.abort('shutdown');
  expect(await sending).toEqual({ kind: 'unknown', reason: 'shutdown' });
});
