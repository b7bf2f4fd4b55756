import { createHash, randomBytes } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Packet, PacketFields } from '#libs/crypto';
import { decodeReplay } from './replay-file.js';
import type { ReplayContent } from './replay-file.js';
import { ReplayStore } from './replay-store.js';
import type { Recovery } from './replay-store.js';

const T0 = 1_760_000_000_000;
const YEAR = 365 * 86_400_000;
const WINDOW = { ttlMs: 300_000, skewMs: 60_000 };
const FAILPOINT = Symbol.for('qrng.failpoint');

let folder: string;
let file: string;
let reports: unknown[];
const folders: string[] = [];
const open: ReplayStore[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qrng-replay-'));
  folders.push(folder);
  file = join(folder, 'replay-state');
  reports = [];
});
afterEach(async () => {
  Reflect.deleteProperty(globalThis, FAILPOINT);
  for (const store of open.splice(0)) await store.close();
  for (const one of folders.splice(0)) rmSync(one, { recursive: true });
});

async function opened(now = T0): Promise<{ store: ReplayStore; recovery: Recovery }> {
  const result = await ReplayStore.open(folder, now, WINDOW, {
    floorLowered: (from, to) => reports.push(['lowered', from, to]),
    fileDisturbed: () => reports.push('disturbed'),
    notSaved: (reason) => reports.push(['not saved', reason]),
  });
  open.push(result.store);
  return result;
}

/** As `kill -9` leaves it: a file as it is now. The store that goes on writes elsewhere. */
async function crashed(now: number): ReturnType<typeof opened> {
  const there = folder;
  folder = mkdtempSync(join(tmpdir(), 'qrng-replay-'));
  folders.push(folder);
  file = join(folder, 'replay-state');
  linkSync(join(there, 'replay-state'), file);
  return opened(now);
}

async function stopped(now: number): ReturnType<typeof opened> {
  await open.pop()?.close();
  return opened(now);
}

function packet(sequence: number, at: number, fields: Partial<PacketFields> = {}): Packet {
  const packed = {
    ...{ type: 'entropy' as const, collector: 'lab-1', boot: 5n, sequence: BigInt(sequence) },
    ...{ timestamp: BigInt(at), age: 0, keyId: '00000000', ownKey: false, data: Buffer.alloc(1) },
    ...fields,
  };
  return { ...packed, mac: createHash('sha256').update(Object.values(packed).join()).digest() };
}

async function take(store: ReplayStore, taken: Packet): Promise<void> {
  expect(store.check(taken, Number(taken.timestamp))).toBe('next');
  expect(await store.raise(Number(taken.timestamp))).toBe(true);
  store.accept(taken, Number(taken.timestamp));
}

function onDisk(): ReplayContent | undefined {
  return decodeReplay(readFileSync(file));
}

/** Makes the file system fail at a named place, as a full disk does. */
function failAt(name: string): void {
  Reflect.set(globalThis, FAILPOINT, (reached: string) => {
    if (reached === name) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  });
}

describe('a replay state', () => {
  test('that is new takes nothing exposed up to now', async () => {
    const { store, recovery } = await opened();
    expect(recovery).toEqual({ found: 'new' });
    expect(store.check(packet(1, T0), T0)).toBe('below-floor');
    expect(store.check(packet(1, T0 + 1), T0)).toBe('next');
    expect(store.check(packet(1, T0 + 100, { age: 100 }), T0)).toBe('below-floor');
  });

  test('that was copied, while it ran or after its end, takes nothing exposed up to now: packets may have been taken since', async () => {
    const { store } = await opened();
    for (const stop of [false, true]) {
      await take(store, packet(stop ? 2 : 1, T0 + (stop ? 2 : 1)));
      if (stop) await store.close();
      const there = file;
      folder = mkdtempSync(join(tmpdir(), 'qrng-replay-'));
      folders.push(folder);
      file = join(folder, 'replay-state');
      copyFileSync(there, file);
      const now = T0 + 9000;
      const { store: copy, recovery } = await opened(now);
      expect(recovery).toEqual({ found: 'copied' });
      expect(copy.check(packet(9, now), now)).toBe('below-floor');
      expect(copy.check(packet(9, now + 1), now)).toBe('next');
      file = there;
    }
  });

  test('is whole when it stops while packets wait for its bound and an operator looks at it', async () => {
    for (let round = 0; round < 10; round++) {
      const { store } = await opened(T0 + round);
      const saved = store.save();
      const raised = store.raise(T0 + 100_000 * (round + 1));
      const again = store.save();
      await store.close();
      await Promise.all([saved, raised, again]);
      expect(onDisk()).toMatchObject({ clean: true });
      open.pop();
    }
  });

  test('knows every position again after a stop', async () => {
    const { store } = await opened();
    const packets = [packet(1, T0 + 1), packet(5, T0 + 2), packet(7, T0 + 9000, { collector: 'lab-2' })];
    for (const one of packets) await take(store, one);
    const again = await stopped(T0 + 10_000);
    expect(again.recovery).toEqual({ found: 'clean' });
    expect(packets.map((one) => again.store.check(one, T0 + 10_000))).toEqual(['replay', 'replay', 'replay']);
    expect(again.store.check(packet(6, T0 + 3), T0 + 10_000)).toBe('next');
    expect(again.store.check(packet(4, T0 + 2), T0 + 10_000)).toBe('replay');
  });

  test('takes nothing after a crash that was exposed before the bound, so nothing that it had taken', async () => {
    const { store } = await opened();
    const packets = Array.from({ length: 50 }, (_, index) => packet(index + 1, T0 + 1 + index * 100));
    for (const one of packets) await take(store, one);
    const bound = onDisk()?.bound ?? 0;
    expect(bound).toBeGreaterThan(T0 + 1 + 49 * 100);
    expect(bound).toBeLessThanOrEqual(T0 + 1 + 49 * 100 + 2000);
    const again = await crashed(T0 + 5000);
    expect(again.recovery).toEqual({ found: 'crashed' });
    for (const one of packets) expect(again.store.check(one, T0 + 5000)).toBe('below-floor');
    expect(again.store.check(packet(99, bound - 1), T0 + 5000)).toBe('below-floor');
    expect(again.store.check(packet(99, bound + 50, { age: 51 }), T0 + 5000)).toBe('below-floor');
    expect(again.store.check(packet(1, bound), T0 + 5000)).toBe('next');
  });

  test('does not take what it took after a crash that follows a stop', async () => {
    const { store } = await opened();
    const one = packet(1, T0 + 1);
    await take(store, one);
    await stopped(T0 + 10);
    const { store: again } = await crashed(T0 + 20);
    expect(again.check(one, T0 + 20)).toBe('below-floor');
  });

  test('waits for the disk once in about a second, and only with what is stamped at or after the bound', async () => {
    const { store } = await opened();
    let writes = 0;
    Reflect.set(globalThis, FAILPOINT, (reached: string) => {
      if (reached === 'state-synced') writes++;
    });
    let waits = 0;
    for (let sequence = 1; sequence <= 1000; sequence++) {
      const one = packet(sequence, T0 + 10 * sequence); // 10 s
      if (!store.covers(Number(one.timestamp))) waits++;
      await take(store, one);
      await setTimeout(sequence % 50 === 0 ? 5 : 0);
    }
    expect(writes).toBeLessThanOrEqual(11);
    expect(waits).toBeLessThanOrEqual(2);
  });

  test('refuses to remember what the disk does not cover', async () => {
    const { store } = await opened();
    expect(() => store.accept(packet(1, T0 + 1), T0)).toThrow(RangeError);
  });

  test('never lowers its bound, over stops neither', async () => {
    const { store } = await opened();
    await take(store, packet(1, T0 + 50_000));
    const bound = onDisk()?.bound;
    for (let start = 0; start < 3; start++) {
      await stopped(T0 + start);
      expect(onDisk()?.bound).toBe(bound);
    }
  });

  test('is readable by its owner alone, and one file', async () => {
    await opened();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['replay-state']);
  });

  test('that is damaged is set aside, and the new one takes nothing from before', async () => {
    const { store } = await opened();
    const one = packet(1, T0 + 1);
    await take(store, one);
    for (const wrong of [Buffer.alloc(0), randomBytes(500), readFileSync(file).subarray(0, -1)]) {
      writeFileSync(file, wrong);
      const { store: again, recovery } = await crashed(T0 + 1000);
      expect(recovery.found).toBe('lost');
      expect(readFileSync(recovery.setAside ?? '')).toEqual(wrong);
      expect(again.check(one, T0 + 1000)).toBe('below-floor');
    }
  });

  test('that is deleted or replaced while the gateway runs is written again, and said', async () => {
    const { store } = await opened();
    await take(store, packet(1, T0 + 1));
    rmSync(file);
    await take(store, packet(2, T0 + 3000));
    expect(reports).toEqual(['disturbed']);
    const old = readFileSync(file);
    rmSync(file);
    writeFileSync(file, old);
    await take(store, packet(3, T0 + 6000));
    await take(store, packet(4, T0 + 9000));
    expect(reports).toEqual(['disturbed', 'disturbed']);
    expect(onDisk()?.bound).toBe(T0 + 11_000);
  });
});

test('a state whose directory is another one now takes nothing beyond the bound that the old one has', async () => {
  const { store } = await opened();
  await take(store, packet(1, T0 + 1));
  renameSync(folder, `${folder}.old`);
  folders.push(`${folder}.old`);
  cpSync(`${folder}.old`, folder, { recursive: true });
  expect(await store.raise(T0 + 5000)).toBe(false);
  expect(store.fault()).toBe('the replay state cannot be written (ESTALE)');
  rmSync(folder, { recursive: true });
  renameSync(`${folder}.old`, folder);
  mkdirSync(`${folder}.old`);
  expect(await store.raise(T0 + 5000)).toBe(true);
});

describe('a floor in the future', () => {
  test('of a state that took nothing since is brought back to now at the next start', async () => {
    await opened(T0 + YEAR);
    const { store } = await stopped(T0);
    expect(store.blocks(T0)).toEqual([]);
    expect(reports).toEqual([['lowered', T0 + YEAR + 1, T0 + 1]]);
    expect(store.check(packet(1, T0), T0)).toBe('below-floor');
    await take(store, packet(1, T0 + 1));
    const again = await crashed(T0 + 10);
    expect(again.store.check(packet(1, T0 + 1), T0 + 10)).toBe('below-floor');
  });

  test('is brought back at run time too, and after a crash', async () => {
    const { store } = await opened(T0 + YEAR);
    expect(store.check(packet(1, T0 + 5), T0)).toBe('next');
    const again = await crashed(T0 + 100);
    expect(again.store.check(packet(1, T0 + 105), T0 + 100)).toBe('next');
    expect(reports).toHaveLength(2);
  });

  test('within the skew stays: clocks may differ by that', async () => {
    const { store } = await opened(T0 + 60_000);
    expect(store.check(packet(1, T0), T0 + 1)).toBe('below-floor');
    expect(store.blocks(T0 + 1)).toEqual([]);
    expect(reports).toEqual([]);
  });

  test('stays where a packet with a later timestamp was taken, and is reported with its date', async () => {
    const { store } = await opened(T0 + YEAR);
    await take(store, packet(1, T0 + YEAR + 10));
    const again = await crashed(T0);
    const floor = T0 + YEAR + 2010;
    expect(again.store.blocks(T0)).toEqual([{ what: 'all packets', until: floor }]);
    expect(again.store.check(packet(2, T0), T0)).toBe('below-floor');
    expect(reports).toEqual([]);
  });

  test('of one collector is reported as such', async () => {
    const { store } = await opened();
    await take(store, packet(1, T0 + YEAR));
    expect(store.blocks(T0)).toEqual([{ what: 'packets of lab-1', until: T0 + YEAR }]);
  });
});

describe('when the disk fails', () => {
  test.each(['state-written', 'state-renamed', 'state-synced'])(
    'at %s nothing is taken beyond the bound until it can be written',
    async (place) => {
      const { store } = await opened();
      await take(store, packet(1, T0 + 1));
      failAt(place);
      expect(await store.raise(T0 + 5000)).toBe(false);
      expect(store.fault()).toBe('the replay state cannot be written (ENOSPC)');
      expect(store.covers(T0 + 5000)).toBe(false);
      expect(store.covers(T0 + 2000)).toBe(true); // what the disk covers is taken still
      failAt('nowhere');
      expect(await store.raise(T0 + 5000)).toBe(true);
      expect(store.fault()).toBeUndefined();
    },
  );

  test('it is tried again by itself', async () => {
    const { store } = await opened();
    failAt('state-written');
    expect(await store.raise(T0 + 5000)).toBe(false);
    failAt('nowhere');
    for (let waited = 0; store.fault() !== undefined && waited < 10_000; waited += 50) await setTimeout(50);
    expect(store.fault()).toBeUndefined();
  });

  test('at the end, the next start is as after a crash', async () => {
    const { store } = await opened();
    const one = packet(1, T0 + 1);
    await take(store, one);
    failAt('state-written');
    await store.close();
    expect(reports).toEqual([['not saved', 'ENOSPC']]);
    failAt('nowhere');
    const again = await crashed(T0 + 10);
    expect(again.recovery.found).toBe('crashed');
    expect(again.store.check(one, T0 + 10)).toBe('below-floor');
  });

  test.each(['state-written', 'state-renamed', 'state-synced'])(
    'while the state is opened, at %s, a whole file is there',
    async (place) => {
      const { store } = await opened();
      const one = packet(1, T0 + 1);
      await take(store, one);
      await open.pop()?.close();
      failAt(place);
      await expect(opened(T0 + 10)).rejects.toThrow('no space left');
      failAt('nowhere');
      expect(existsSync(file)).toBe(true);
      const again = await opened(T0 + 20);
      expect(['replay', 'below-floor']).toContain(again.store.check(one, T0 + 20));
    },
  );
});
