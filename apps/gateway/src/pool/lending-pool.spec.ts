import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ExpiringBuffer } from './expiring-buffer.js';
import { LendingPool, MOST_LENT_BYTES } from './lending-pool.js';
import type { LentPiece } from './lending-pool.js';
import { ReplayStore } from './replay/replay-store.js';

const CAPACITY = 16 * 2 ** 20;

const WINDOW = { ttlMs: 300_000, skewMs: 60_000 };
const SILENT = { floorLowered: () => undefined, fileDisturbed: () => undefined, notSaved: () => undefined };

describe('LendingPool', () => {
  let now: number;
  let lost: number;
  let buffer: ExpiringBuffer;
  let store: ReplayStore;
  let folder: string;
  const clock = { now: () => Date.now(), monotonic: () => now };
  const lending = (ttlMs = 0): LendingPool => {
    buffer = new ExpiringBuffer({ capacity: CAPACITY, overflow: 'discard', ttlMs }, () => undefined);
    return new LendingPool([store, buffer, clock, WINDOW], 2, { ttlMs }, (_, bytes) => (lost += bytes));
  };
  const bytesOf = (pieces: readonly LentPiece[]): Buffer => Buffer.concat(pieces.map(({ data }) => data));
  beforeEach(async () => {
    now = 1000;
    lost = 0;
    folder = mkdtempSync(join(tmpdir(), 'qrng-pool-'));
    ({ store } = await ReplayStore.open(folder, Date.now(), WINDOW, SILENT));
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it('lends each byte once, and ahead of need only a small part of what there is', () => {
    const pool = lending();
    const data = randomBytes(1_000_000);
    buffer.store(data, now);
    const first = bytesOf(pool.lend(1, 0, 0));
    const second = bytesOf(pool.lend(2, 100_000, 0));
    expect(first).toHaveLength(Math.floor(1_000_000 / 32));
    expect(second).toHaveLength(100_000);
    expect(Buffer.concat([first, second]).equals(data.subarray(0, first.length + 100_000))).toBe(true);
    buffer.store(Buffer.alloc(CAPACITY - 1_000_000), now);
    expect(bytesOf(pool.lend(1, 1, 0)).length).toBeLessThanOrEqual(MOST_LENT_BYTES);
  });

  it('says which packet lent bytes came from, and at which of its bytes they begin', () => {
    const pool = lending();
    const packet = { collector: 'collector-1', boot: 1n, sequence: 2n, digest: randomBytes(32) };
    buffer.store(randomBytes(100), now);
    buffer.store(randomBytes(100), now);
    buffer.store(randomBytes(1000), now, packet);
    expect(pool.lend(1, 150, 0).map(({ from }) => from)).toEqual([
      [{ packet: undefined, offset: 0, length: 150 }],
    ]);
    expect(pool.lend(2, 300, 0).map(({ from }) => from)).toEqual([
      [
        { packet: undefined, offset: 50, length: 50 },
        { packet, offset: 0, length: 250 },
      ],
    ]);
    expect(pool.lend(1, 10, 0)[0]?.from[0]).toMatchObject({ packet, offset: 250 });
  });

  it.each([1, 2, 3, 4, 5])(
    'says which packet lent bytes came from also where others expire at look %i at the clock',
    (expiry) => {
      const pool = lending(60_000);
      const [first, second] = [1n, 2n].map((sequence) => ({
        ...{ collector: 'collector-1', boot: 1n, sequence, digest: randomBytes(32) },
      }));
      const [old, data] = [randomBytes(1000), randomBytes(1000)];
      buffer.store(old, now, first);
      buffer.store(data, now + 1000, second);
      let looks = 0;
      const monotonic = jest.spyOn(clock, 'monotonic');
      monotonic.mockImplementation(() => ((looks += 1) < expiry ? now : now + 60_000));
      const [piece] = pool.lend(1, 500, 0);
      monotonic.mockRestore();
      const packet = piece?.data.equals(old.subarray(0, 500)) === true ? first : second;
      expect(piece?.from).toEqual([{ packet, offset: 0, length: 500 }]);
    },
  );

  it('lends nothing where there is less than is needed', () => {
    const pool = lending();
    buffer.store(randomBytes(100), now);
    expect(pool.lend(1, 101, 0)).toEqual([]);
    expect(pool.level().bytes).toBe(100);
  });

  it('counts what is lent as in the pool until it is reported, and as lost when its worker is gone', () => {
    const pool = lending();
    buffer.store(randomBytes(1000), now);
    pool.lend(1, 600, 0);
    expect(pool.level()).toMatchObject({ bytes: 1000, reachable: 400 });
    expect(pool.settle(1, 200)).toBe(200);
    expect(pool.settle(1, 250)).toBe(50);
    expect(pool.level().bytes).toBe(750);
    pool.forfeit(1);
    expect(lost).toBe(350);
    expect(pool.level()).toMatchObject({ bytes: 400, reachable: 400 });
    expect(pool.settle(1, 999)).toBe(0); // of one that is gone already
  });

  it('says how old bytes are that expire, each at least as old as it is', () => {
    const pool = lending(60_000);
    buffer.store(randomBytes(5000), now);
    now += 1000;
    buffer.store(randomBytes(5000), now);
    now += 500;
    const pieces = pool.lend(1, 10_000, 77_000);
    expect(pieces.map(({ data, receivedAt }) => [data.length, receivedAt])).toEqual([
      [4096, 75_500],
      [4096, 75_500],
      [1808, 76_500],
    ]);
  });
});
