import { generateKeyPairSync, randomInt } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  isConsistent,
  consistencyPath,
  leafHash,
  openCheckpoint,
  openNote,
  parseProof,
  subtreesOf,
  verifyProof,
} from '#libs/tlog';
import type { Checkpoint } from '#libs/tlog';
import { decodeEntries } from '../../../../test/support/log-entries.js';
import { ReceiptLog } from './receipt-log.js';

const key = { name: 'gateway.example.com/receipts', key: generateKeyPairSync('ed25519').privateKey };
const HOOK = Symbol.for('qrng.failpoint');
const hooks = globalThis as Record<symbol, ((name: string) => void) | undefined>;

let directory: string;
const folders: string[] = [];
beforeEach(() => {
  directory = join(folder(), 'receipts');
});
afterEach(() => {
  hooks[HOOK] = undefined;
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'qrng-receipts-'));
  folders.push(path);
  return path;
}

function record(name: string) {
  return { entry: Buffer.from(`{"entry":"${name}"}`), extra: Buffer.from(`extra of ${name}`) };
}

async function appendMany(log: ReceiptLog, from: number, count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => log.append(record(`${from + i}`))));
}

describe('a log', () => {
  test('gives indices in order, and proofs once the checkpoint covers them', async () => {
    const log = await ReceiptLog.open(directory, key);
    expect(await appendMany(log, 0, 3)).toEqual([0, 1, 2]);
    expect(await log.record(1)).toBe('unpublished');
    expect(await log.record(3)).toBeUndefined();
    log.publish();
    const published = await log.record(1);
    if (published === undefined || published === 'unpublished') throw new Error('no record');
    expect(published.extra.toString()).toBe('extra of 1');
    const proof = parseProof(published.file(published.extra));
    expect(verifyProof(proof, record('1').entry, [key]).size).toBe(3);
    expect(() => verifyProof(proof, record('2').entry, [key])).toThrow();
    await log.close();
  });

  test('writes a record that comes in the moment in which the one before it was written, without waiting for a third', async () => {
    const log = await ReceiptLog.open(directory, key);
    for (const index of [0, 1, 2]) expect(await log.append(record(`${index}`))).toBe(index);
    await log.close();
  });

  test('goes on after a restart, over tiles, with every entry provable', async () => {
    let log = await ReceiptLog.open(directory, key);
    await appendMany(log, 0, 300);
    await log.close();
    log = await ReceiptLog.open(directory, key);
    expect(await appendMany(log, 300, 300)).toEqual(Array.from({ length: 300 }, (_, i) => 300 + i));
    log.publish();
    for (const index of [0, 255, 256, 299, 300, 511, 512, 599]) {
      const published = await log.record(index);
      if (published === undefined || published === 'unpublished') throw new Error(`no record ${index}`);
      expect(
        verifyProof(parseProof(published.file(published.extra)), record(`${index}`).entry, [key]).size,
      ).toBe(600);
    }
    await log.close();
  });

  test('serves tiles as far as they are published, and no further', async () => {
    const log = await ReceiptLog.open(directory, key);
    await appendMany(log, 0, 300);
    expect(log.hashTile(0, 0, 256)).toBeUndefined();
    log.publish();
    expect(log.hashTile(0, 0, 256)).toHaveLength(8192);
    expect(log.hashTile(0, 1, 44)?.subarray(0, 32)).toEqual(leafHash(record('256').entry));
    expect(log.hashTile(0, 1, 45)).toBeUndefined();
    expect(log.hashTile(1, 0, 1)).toHaveLength(32);
    expect(log.hashTile(1, 0, 2)).toBeUndefined();
    expect(decodeEntries((await log.entryTile(1, 44)) ?? Buffer.alloc(0))[43]).toEqual(record('299').entry);
    expect(await log.entryTile(1, 45)).toBeUndefined();
    await log.close();
  });
});

test.each(['receipt-unreserved', 'receipt-unsynced', 'checkpoint-unwritten'])(
  'a disk that is full at %s is a fault, and the log goes on when there is room',
  async (place) => {
    const log = await ReceiptLog.open(directory, key);
    hooks[HOOK] = (name) => {
      if (name === place) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    };
    const appended = async (): Promise<void> => {
      (await log.reserve(1000))();
      await log.append(record('early'));
      log.publish();
    };
    await expect(appended()).rejects.toThrow('no space');
    expect(log.fault).toBe('the receipt log cannot be written (ENOSPC)');
    const { size } = log;
    await log.recover();
    if (place === 'receipt-unreserved') expect(log.fault).toBeDefined();
    hooks[HOOK] = undefined;
    await log.recover();
    expect(log.fault).toBeUndefined();
    expect(await log.append(record('kept'))).toBe(size);
    await log.close();
    const again = await ReceiptLog.open(directory, key);
    expect(again.publishedSize).toBe(size + 1);
    await again.close();
  },
);

test('room that is reserved holds what is appended, also while others reserve', async () => {
  const log = await ReceiptLog.open(directory, key);
  const releases = await Promise.all(Array.from({ length: 600 }, () => log.reserve(2000)));
  const indices = await Promise.all(releases.map((_, i) => log.append(record(`${i}`))));
  expect(indices).toEqual(indices.map((_, i) => i));
  for (const release of releases) release();
  await log.close();
  const again = await ReceiptLog.open(directory, key);
  expect(decodeEntries((await again.entryTile(2, 88)) ?? Buffer.alloc(0)).at(-1)).toEqual(
    record('599').entry,
  );
  await again.close();
});

test('a tile of hashes that a crash kept from the disk is made again from its entries', async () => {
  let log = await ReceiptLog.open(directory, key);
  await appendMany(log, 0, 600);
  await log.close();
  rmSync(join(directory, 'tile/0/001'));
  log = await ReceiptLog.open(directory, key);
  expect(await log.append(record('more'))).toBe(600);
  log.publish();
  expect(log.hashTile(0, 1, 256)).toHaveLength(8192);
  await log.close();
});

test('retention removes whole tiles with a signed note; hashes stay, and other entries are provable', async () => {
  let log = await ReceiptLog.open(directory, key);
  await appendMany(log, 0, 600);
  log.publish();
  const isOld = (entry: Buffer): boolean => Number(/\d+/.exec(entry.toString())?.[0]) < 300;
  expect(await log.cutOld(isOld, 0)).toBe(256);
  expect(await log.cutOld(isOld, 0)).toBe(0);
  await log.close();
  log = await ReceiptLog.open(directory, key);
  expect(openNote(log.cut?.note ?? '', [key])).toBe(
    `qrng-dd receipts cut v1\n${key.name}\n256\n1970-01-01T00:00:00.000Z\n`,
  );
  expect(await log.record(255)).toBeUndefined();
  expect(await log.entryTile(0, 256)).toBeUndefined();
  expect(log.hashTile(0, 0, 256)).toHaveLength(8192);
  const published = await log.record(256);
  if (published === undefined || published === 'unpublished') throw new Error('no record');
  expect(verifyProof(parseProof(published.file(published.extra)), record('256').entry, [key]).size).toBe(600);
  await log.close();
});

test('a log of nothing can be opened again', async () => {
  const log = await ReceiptLog.open(directory, key);
  await log.close();
  const again = await ReceiptLog.open(directory, key);
  expect(again.size).toBe(0);
  await again.close();
});

async function reserved(log: ReceiptLog, name: string): Promise<number> {
  const release = await log.reserve(1000);
  return log.append(record(name)).finally(release);
}

/** What somebody outside has seen of a log: indices that were given, checkpoints that were published. */
class Witness {
  readonly #given = new Map<number, string>();
  readonly #checkpoints: Checkpoint[] = [];
  #count = 0;

  /** Appends and publishes until the process would have died at a random failpoint; the disk as it was then. */
  async liveOn(directory: string): Promise<string> {
    const log = await ReceiptLog.open(directory, key);
    this.#see(log);
    const death = dieAtFailpoint(directory, randomInt(1, 60));
    while (!death.hasCome()) {
      const names = Array.from({ length: randomInt(1, 30) }, () => `${this.#count++}`);
      const indices = await Promise.all(names.map((name) => reserved(log, name)));
      // What came after its death nobody has seen.
      if (!death.hasCome()) indices.forEach((index, i) => this.#given.set(index, names[i] ?? ''));
      log.publish();
      if (!death.hasCome()) this.#see(log);
    }
    hooks[HOOK] = undefined;
    await log.close();
    return death.disk();
  }

  /** Everything that was ever seen belongs to the one history that `log` has now. */
  async check(log: ReceiptLog): Promise<void> {
    log.publish();
    const entries: Buffer[] = [];
    for (let tile = 0; tile * 256 < log.size; tile++) {
      const bytes = await log.entryTile(tile, Math.min(256, log.size - tile * 256));
      entries.push(...decodeEntries(bytes ?? Buffer.alloc(0)));
    }
    const subtrees = subtreesOf(entries.map((entry) => leafHash(entry)));
    const now = openCheckpoint(log.checkpoint, [key]);
    for (const before of this.#checkpoints) {
      const path = before.size === 0 ? [] : consistencyPath(before.size, now.size, subtrees);
      expect(isConsistent(before, now, path)).toBe(true);
    }
    for (const [index, name] of this.#given) expect(entries[index]).toEqual(record(name).entry);
    expect(this.#checkpoints.length).toBeGreaterThan(10);
  }

  #see(log: ReceiptLog): void {
    this.#checkpoints.push(openCheckpoint(log.checkpoint, [key]));
  }
}

/** Copies the disk at the failpoint number `left`: what a process that is killed there leaves behind. */
function dieAtFailpoint(directory: string, left: number): { hasCome(): boolean; disk(): string } {
  let disk = '';
  let passed = 0;
  hooks[HOOK] = () => {
    if (++passed !== left) return;
    disk = folder();
    cpSync(dirname(directory), disk, { recursive: true });
  };
  return { hasCome: () => disk !== '', disk: () => join(disk, 'receipts') };
}

test('kill -9 at any failpoint never yields two histories, nor loses an index that was given', async () => {
  const witness = new Witness();
  for (let life = 0; life < 15; life++) directory = await witness.liveOn(directory);
  const log = await ReceiptLog.open(directory, key);
  await witness.check(log);
  await log.close();
});
