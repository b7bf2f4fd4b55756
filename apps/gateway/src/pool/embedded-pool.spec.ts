import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Packet } from '#libs/crypto';
import { Clock } from '../clock.js';
import { EmbeddedPool } from './embedded-pool.js';
import { ExpiringBuffer } from './expiring-buffer.js';
import { ReplayStore } from './replay-store.js';

const FAILPOINT = Symbol.for('qrng.failpoint');
const CAPACITY = 10_000;

let folder: string;
let pool: EmbeddedPool;
let syncs: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qrng-pool-'));
  pool = await poolWith('discard');
  syncs = 0;
  Reflect.set(globalThis, FAILPOINT, (reached: string) => {
    if (reached === 'record-synced') syncs++;
  });
});
afterEach(async () => {
  Reflect.deleteProperty(globalThis, FAILPOINT);
  await pool.close();
  rmSync(folder, { recursive: true });
});

async function poolWith(overflow: 'discard' | 'replace'): Promise<EmbeddedPool> {
  const { store } = await ReplayStore.open(folder, Date.now());
  const buffer = new ExpiringBuffer({ capacity: CAPACITY, overflow, ttlMs: 0 }, () => undefined);
  return new EmbeddedPool(store, buffer, new Clock());
}

function packet(collector: string, sequence: number, bytes = 100): Packet {
  return {
    type: 'entropy',
    collector,
    boot: 1n,
    sequence: BigInt(sequence),
    timestamp: BigInt(Date.now() + 1000),
    age: 0,
    keyId: '00000000',
    data: randomBytes(bytes),
    mac: randomBytes(32),
  };
}

async function admitAll(packets: readonly Packet[]): Promise<string[]> {
  return (await Promise.all(packets.map((one) => pool.admit(one)))).map(({ result }) => result);
}

describe('packets that come at once', () => {
  const collectors = ['a', 'b', 'c', 'd'];

  test('of known collectors are synced together, in far fewer syncs than packets', async () => {
    await admitAll(collectors.map((id) => packet(id, 1)));
    syncs = 0;
    expect(await admitAll(collectors.map((id) => packet(id, 2)))).toEqual(Array(4).fill('accepted'));
    expect(syncs).toBe(1);
    expect(pool.level().bytes).toBe(800);
  });

  test('of one collector are decided on in their order', async () => {
    const [one, two] = [packet('a', 1), packet('a', 2)];
    expect(await admitAll([one, one, two, one, two])).toEqual([
      'accepted',
      'replay',
      'accepted',
      'replay',
      'replay',
    ]);
  });

  test('fill the pool to the last byte and no further', async () => {
    await admitAll(collectors.map((id) => packet(id, 1, 1000)));
    expect(await admitAll(collectors.map((id) => packet(id, 2, 2500)))).toEqual([
      'accepted',
      'accepted',
      'full',
      'full',
    ]);
    expect(await admitAll([packet('c', 3, 1000)])).toEqual(['accepted']);
    expect(pool.level().bytes).toBe(CAPACITY);
  });

  test('replace the oldest bytes even if they do not fit into the pool together', async () => {
    await pool.close();
    pool = await poolWith('replace');
    expect(await admitAll(collectors.map((id) => packet(id, 1, 4000)))).toEqual(Array(4).fill('accepted'));
    expect(await admitAll(collectors.map((id) => packet(id, 2, 4000)))).toEqual(Array(4).fill('accepted'));
    expect(pool.level().bytes).toBe(CAPACITY);
  });

  test('of more collectors than can be protected are refused beyond that', async () => {
    const many = Array.from({ length: 260 }, (_, index) => packet(`lab-${index}`, 1, 1));
    // The last of them at once, when there is room for some of them.
    const results = [...(await admitAll(many.slice(0, 250))), ...(await admitAll(many.slice(250)))];
    expect(results.filter((result) => result === 'accepted')).toHaveLength(256);
    expect(results.filter((result) => result === 'unready')).toHaveLength(4);
  });
});
