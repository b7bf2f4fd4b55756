import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Channel } from '../link/channel.js';
import { DISCARD, DISCARDED, LEASE, LeasedPool, POOL_STATE, systemMs } from './leased-pool.js';
import type { PoolState } from './leased-pool.js';

const CLOCK = { now: () => Date.now(), monotonic: () => performance.now() };

/** The worker's end of a channel, and a head that lends from `stock`, `ahead` at least. */
function headWith(stock: Buffer, ahead: number): { channel: Channel; head: Channel; left: () => number } {
  let left = stock;
  const discards = 0;
  const channel: Channel = new Channel(
    (message) => setImmediate(() => head.receive(structuredClone(message))),
    fail,
  );
  const head: Channel = new Channel((message) => setImmediate(() => channel.receive(copied(message))), fail);
  head.answer(LEASE, ({ need }) => {
    const data = need > left.length ? left.subarray(0, 0) : left.subarray(0, Math.max(need, ahead));
    left = left.subarray(data.length);
    const from = [{ packet: undefined, offset: 0, length: data.length }];
    const pieces = data.length === 0 ? [] : [{ data: Buffer.from(data), receivedAt: systemMs(), from }];
    return { pieces, state: stateOf(left.length), discards };
  });
  return { channel, head, left: () => left.length };
}

/** As it comes out of the pipe, in which a Buffer stays one. */
function copied(message: unknown): unknown {
  const copy = structuredClone(message) as { value?: { pieces?: { data: Uint8Array }[] } };
  for (const piece of copy.value?.pieces ?? []) piece.data = Buffer.from(piece.data);
  return copy;
}

function fail(error: unknown): never {
  throw error;
}

function stateOf(reachable: number): PoolState {
  const level = { bytes: reachable, reachable, capacity: 1_000_000, oldestAgeMs: 0 };
  return {
    level,
    fault: undefined,
    blocks: [],
    quality: { bytes: 0, statistics: undefined, note: '' },
    servesOn: false,
    totals: { received: 0, served: 0 },
  };
}

describe('LeasedPool', () => {
  let lost: number;
  const open = (channel: Channel, ttlMs = 0): Promise<LeasedPool> =>
    LeasedPool.open(channel, CLOCK, { ttlMs }, (_, bytes) => (lost += bytes));
  beforeEach(() => {
    lost = 0;
  });

  it('serves every byte of its leases once, in their order, from the first lease on', async () => {
    const stock = randomBytes(10_000);
    const { channel } = headWith(stock, 100);
    const pool = await open(channel);
    const parts: Buffer[] = [];
    for (const count of [10, 500, 90, 3000, 1]) {
      while (!pool.holds(count)) expect(await pool.prepare(count)).toBe(true);
      parts.push(pool.take(count) ?? Buffer.alloc(0));
    }
    expect(Buffer.concat(parts).equals(stock.subarray(0, 3601))).toBe(true);
  });

  it('has nothing where the head has less than is needed, and takes nothing then', async () => {
    const { channel, left } = headWith(randomBytes(100), 0);
    const pool = await open(channel);
    expect(await pool.prepare(101)).toBe(false);
    expect(left()).toBe(100);
    expect(await pool.prepare(2 ** 20)).toBe(false); // more than any answer can need
  });

  it('drops what it still holds at its end, says so, and hears of the pool until then', async () => {
    const { channel, head } = headWith(randomBytes(1000), 1000);
    const pool = await open(channel);
    pool.take(100);
    head.tell(POOL_STATE, stateOf(5));
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(pool.level()).toMatchObject({ bytes: 5, reachable: 905 });
    let reported = -1;
    pool.whenClosed(() => {
      reported = lost;
      return Promise.resolve();
    });
    await pool.close();
    expect({ lost, reported }).toEqual({ lost: 900, reported: 900 });
  });

  it('drops what it holds when the head says that all of it is bad, also what was on its way then', async () => {
    const { channel, head, left } = headWith(randomBytes(1000), 100);
    const pool = await open(channel);
    const late = pool.prepare(200); // its lease is from before: this head counts no discards
    head.tell(DISCARDED, { discards: 1 });
    expect(await late).toBe(false);
    expect(pool.holds(1)).toBe(false);
    expect(lost).toBe(1000 - left());
    let told = 0;
    head.hear(DISCARD, () => void (told += 1));
    pool.discard();
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(told).toBe(1);
  });

  it('can do nothing once the head is gone', async () => {
    const { channel } = headWith(randomBytes(1000), 0);
    const pool = await open(channel);
    channel.close();
    expect(await pool.prepare(1)).toBe(false);
  });
});
