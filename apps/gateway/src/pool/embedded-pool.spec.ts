import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Packet } from '#libs/crypto';
import { Clock } from '../clock.js';
import { EmbeddedPool } from './embedded-pool.js';
import { ExpiringBuffer } from './expiring-buffer.js';
import { ReplayStore } from './replay/replay-store.js';

const FAILPOINT = Symbol.for('qrng.failpoint');
const CAPACITY = 10_000;
const WINDOW = { ttlMs: 300_000, skewMs: 60_000 };
const SILENT = { floorLowered: () => undefined, fileDisturbed: () => undefined, notSaved: () => undefined };

let folder: string;
let pool: EmbeddedPool;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qrng-pool-'));
  const { store } = await ReplayStore.open(folder, Date.now() - 1000, WINDOW, SILENT);
  const buffer = new ExpiringBuffer({ capacity: CAPACITY, overflow: 'discard', ttlMs: 0 }, () => undefined);
  pool = new EmbeddedPool(store, buffer, new Clock(), WINDOW);
});
afterEach(async () => {
  Reflect.deleteProperty(globalThis, FAILPOINT);
  await pool.close();
  rmSync(folder, { recursive: true });
});

function packet(collector: string, sequence: number, bytes = 100, ahead = 0): Packet {
  return {
    ...{ type: 'entropy', collector, boot: 1n, sequence: BigInt(sequence), age: 0 },
    ...{ timestamp: BigInt(Date.now() + ahead), keyId: '00000000', ownKey: false },
    ...{ data: randomBytes(bytes), mac: randomBytes(32) },
  };
}

describe('a packet', () => {
  test('is decided on at once, without a promise, where the disk knows enough', async () => {
    expect(await pool.admit(packet('a', 1))).toEqual({ result: 'accepted', missing: 0n });
    expect(pool.admit(packet('a', 2))).toEqual({ result: 'accepted', missing: 0n });
    expect(pool.admit(packet('a', 4))).toEqual({ result: 'accepted', missing: 1n });
    expect(pool.admit(packet('a', 5, CAPACITY))).toMatchObject({ result: 'full' });
    expect(pool.level().bytes).toBe(300);
  });

  test('stamped at or after the bound waits for the disk; of its copies one is taken', async () => {
    await pool.admit(packet('a', 1));
    const ahead = packet('a', 2, 100, 50_000);
    const outcomes = Array.from({ length: 5 }, () => pool.admit(ahead));
    expect(outcomes[0]).toBeInstanceOf(Promise);
    const results: string[] = [];
    for (const outcome of outcomes) results.push((await outcome).result);
    expect(results).toEqual(['accepted', 'replay', 'replay', 'replay', 'replay']);
    expect(pool.level().bytes).toBe(200);
  });

  test('that waited does not take room that another one has taken meanwhile', async () => {
    await pool.admit(packet('a', 1));
    const waiting = pool.admit(packet('b', 1, 6000, 50_000));
    expect(pool.admit(packet('a', 2, 6000))).toMatchObject({ result: 'accepted' });
    expect(await waiting).toMatchObject({ result: 'full' });
  });

  test('beyond the bound is refused while the disk is full, and taken afterwards', async () => {
    await pool.admit(packet('a', 1));
    Reflect.set(globalThis, FAILPOINT, () => {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    });
    const ahead = packet('a', 2, 100, 50_000);
    expect(await pool.admit(ahead)).toEqual({
      result: 'unready',
      detail: 'the replay state cannot be written (ENOSPC)',
    });
    Reflect.deleteProperty(globalThis, FAILPOINT);
    expect(await pool.admit(ahead)).toMatchObject({ result: 'accepted' });
  });

  test('is refused by its time before anything else', () => {
    expect(pool.admit(packet('a', 1, CAPACITY + 1, -301_000))).toMatchObject({ result: 'stale' });
    expect(pool.admit(packet('a', 1, CAPACITY + 1, 61_000))).toMatchObject({ result: 'future' });
  });

  test('is refused once the pool is closed', async () => {
    await pool.close();
    expect(pool.admit(packet('a', 1))).toMatchObject({ result: 'unready' });
  });
});
