/** What every pool promises: the same tests for the embedded one and for the one in Redis. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { Keyring, MacKey, openPacket } from '#libs/crypto';
import type { Packet, PacketFields } from '#libs/crypto';
import { Clock } from '../../apps/gateway/src/clock.js';
import { EmbeddedPool } from '../../apps/gateway/src/pool/embedded-pool.js';
import { ExpiringBuffer } from '../../apps/gateway/src/pool/expiring-buffer.js';
import type { BufferOptions } from '../../apps/gateway/src/pool/expiring-buffer.js';
import type { Pool } from '../../apps/gateway/src/pool/pool.js';
import { PoolMemory } from '../../apps/gateway/src/pool/redis/pool-memory.js';
import { RedisPool } from '../../apps/gateway/src/pool/redis/redis-pool.js';
import { ReplayStore } from '../../apps/gateway/src/pool/replay/replay-store.js';
import { RedisConnection } from '../../apps/gateway/src/redis/redis-connection.js';
import { temporaryFolder } from '../support/gateway.js';
import { describeWithRedis, RedisServer, silent, testDeployment } from '../support/redis-server.js';
import { TestCollector } from '../support/test-collector.js';
import { until } from '../support/until.js';

const hmacKey = randomBytes(32).toString('hex');
const keyring = new Keyring([MacKey.fromHex(hmacKey)]);
const defaults: BufferOptions = { capacity: 1024 * 1024, overflow: 'discard', ttlMs: 0 };

type OnDiscard = (reason: string, bytes: number) => void;
const WINDOW = { ttlMs: 300_000, skewMs: 60_000 };
const unheard = { floorLowered: () => undefined, fileDisturbed: () => undefined, notSaved: () => undefined };

type Open = (options: BufferOptions, onDiscard: OnDiscard) => Promise<Pool>;

describe('EmbeddedPool', () => {
  suite(async (options, onDiscard) => {
    const { store } = await ReplayStore.open(temporaryFolder(), Date.now(), WINDOW, unheard);
    return new EmbeddedPool(store, new ExpiringBuffer(options, onDiscard), new Clock(), WINDOW);
  });
});

describeWithRedis('RedisPool', () => {
  let server: RedisServer;
  let redis: RedisConnection;
  const memory = (): PoolMemory => new PoolMemory(join(temporaryFolder(), 'shared-pool'));
  beforeAll(async () => {
    server = await RedisServer.start();
    redis = await RedisConnection.open(server.url, silent, testDeployment);
  });
  afterAll(async () => {
    redis.close();
    await server.kill();
  });

  suite(async (options, onDiscard) => {
    await server.command('FLUSHALL');
    return RedisPool.open(
      { buffer: options, window: WINDOW, memory: memory() },
      new Clock(),
      redis,
      onDiscard,
    );
  });
});

function packet(collector: TestCollector, data: Uint8Array, fields: Partial<PacketFields> = {}): Packet {
  return openPacket(collector.seal(data, fields), keyring);
}

function suite(open: Open): void {
  const pools: Pool[] = [];
  const discarded = new Map<string, number>();

  async function openPool(options: Partial<BufferOptions> = {}): Promise<Pool> {
    discarded.clear();
    const pool = await open({ ...defaults, ...options }, (reason, bytes) => {
      discarded.set(reason, (discarded.get(reason) ?? 0) + bytes);
    });
    pools.push(pool);
    await setTimeout(2); // nothing exposed up to now is taken
    return pool;
  }
  afterEach(async () => {
    for (const pool of pools.splice(0)) await pool.close();
  });

  /** Takes as a request does: what is at hand, or what the pool can bring. */
  async function take(pool: Pool, count: number): Promise<Buffer | undefined> {
    let bytes = pool.take(count);
    while (bytes === undefined && (await pool.prepare(count))) bytes = pool.take(count);
    return bytes;
  }

  test('serves the bytes of the packets in the order they came, each once', async () => {
    const pool = await openPool();
    const collector = new TestCollector(hmacKey);
    const sent = [300_000, 1, 64, 65_536, 4096].map((size) => randomBytes(size));
    for (const data of sent) {
      expect(await pool.admit(packet(collector, data))).toEqual({ result: 'accepted', missing: 0n });
    }
    const total = sent.reduce((sum, data) => sum + data.length, 0);
    expect(pool.level()).toMatchObject({ bytes: total, capacity: defaults.capacity });
    const served: Buffer[] = [];
    let left = total;
    for (let size = 1; left > 0; size = Math.min(size * 3, 65_536, left)) {
      served.push((await take(pool, size)) ?? Buffer.alloc(0));
      left -= size;
    }
    expect(Buffer.concat(served).equals(Buffer.concat(sent))).toBe(true);
    expect(await take(pool, 1)).toBeUndefined();
    expect(pool.level().bytes).toBe(0);
  });

  test('drops everything when it is told to, and goes on', async () => {
    const pool = await openPool();
    const collector = new TestCollector(hmacKey);
    await pool.admit(packet(collector, randomBytes(100_000)));
    await take(pool, 1000);
    pool.discard();
    expect(pool.take(1)).toBeUndefined();
    await until('nothing is left', () => pool.level().bytes === 0);
    expect(discarded.get('health')).toBe(99_000);
    await pool.admit(packet(collector, randomBytes(10)));
    expect(await take(pool, 10)).toHaveLength(10);
  });

  test('remembers a packet of which it stores nothing, and needs no room for it', async () => {
    const pool = await openPool({ capacity: 100 });
    const collector = new TestCollector(hmacKey);
    const one = packet(collector, randomBytes(1000));
    expect(await pool.admit(one, false)).toEqual({ result: 'accepted', missing: 0n });
    expect(await pool.admit(one)).toMatchObject({ result: 'replay' });
    expect(pool.level().bytes).toBe(0);
  });

  test('takes nothing when there is too little', async () => {
    const pool = await openPool();
    const data = randomBytes(100);
    await pool.admit(packet(new TestCollector(hmacKey), data));
    expect(await take(pool, 101)).toBeUndefined();
    expect(pool.level().bytes).toBe(100);
    expect(await take(pool, 100)).toEqual(data);
  });

  test('serves requests that come together, each other bytes', async () => {
    const pool = await openPool();
    const data = randomBytes(50 * 1000);
    await pool.admit(packet(new TestCollector(hmacKey), data));
    const served = await Promise.all(Array.from({ length: 60 }, () => take(pool, 1000)));
    const got = served.filter((bytes) => bytes !== undefined);
    expect(got).toHaveLength(50);
    const offsets = got.map((bytes) => data.indexOf(bytes));
    expect(offsets.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i * 1000));
  });

  test('refuses a sequence that is not above the last one of its run, and an older run', async () => {
    const pool = await openPool();
    const collector = new TestCollector(hmacKey);
    const first = packet(collector, randomBytes(10));
    const second = packet(collector, randomBytes(10));
    await pool.admit(second);
    expect(await pool.admit(second)).toMatchObject({ result: 'replay' });
    expect(await pool.admit(first)).toMatchObject({ result: 'replay' });
    const older = packet(collector, randomBytes(10), { boot: collector.boot - 1n, sequence: 99n });
    expect(await pool.admit(older)).toMatchObject({ result: 'replay' });
    collector.restart();
    expect(await pool.admit(packet(collector, randomBytes(10)))).toEqual({ result: 'accepted', missing: 0n });
    expect(pool.level().bytes).toBe(20);
  });

  test('distinguishes a conflict, two packets with one sequence, from a replay', async () => {
    const pool = await openPool();
    const collector = new TestCollector(hmacKey);
    await pool.admit(packet(collector, randomBytes(10)));
    const other = packet(collector, randomBytes(10), { sequence: collector.sequence });
    expect(await pool.admit(other)).toMatchObject({ result: 'conflict' });
  });

  test('still distinguishes a conflict from a replay fifteen packets later', async () => {
    const pool = await openPool();
    const collector = new TestCollector(hmacKey);
    const first = packet(collector, randomBytes(10));
    const other = packet(collector, randomBytes(10), { sequence: first.sequence });
    await pool.admit(first);
    for (let i = 0; i < 15; i++) await pool.admit(packet(collector, randomBytes(1)));
    expect(await pool.admit(other)).toMatchObject({ result: 'conflict' });
    expect(await pool.admit(first)).toMatchObject({ result: 'replay' });
    await pool.admit(packet(collector, randomBytes(1)));
    expect(await pool.admit(other)).toMatchObject({ result: 'replay' });
  });

  test('detects a second sealer of one run, however far behind, by the time at which it seals', async () => {
    const pool = await openPool();
    const collector = new TestCollector(hmacKey);
    const at = BigInt(Date.now());
    const old = packet(collector, randomBytes(10), { timestamp: at });
    await pool.admit(old);
    for (let i = 1n; i <= 20n; i++) {
      await pool.admit(packet(collector, randomBytes(1), { timestamp: at + i }));
    }
    await pool.admit(packet(collector, randomBytes(1), { timestamp: at + 5n })); // its clock was set back
    const clone = (timestamp: bigint, boot = collector.boot) =>
      pool.admit(packet(collector, randomBytes(1), { boot, sequence: 2n, timestamp }));
    expect(await clone(at + 20n)).toMatchObject({ result: 'replay' });
    expect(await clone(at + 21n)).toMatchObject({ result: 'conflict' });
    expect(await clone(at + 21n, collector.boot - 1n)).toMatchObject({ result: 'replay' });
    expect(await pool.admit(old)).toMatchObject({ result: 'replay' });
  });

  test('a new replay state takes nothing exposed before it began, however late it was sealed', async () => {
    const before = Date.now() - 1;
    const pool = await openPool();
    const collector = new TestCollector(hmacKey);
    const exposed = async (timestamp: number, age: number): Promise<string> =>
      (await pool.admit(packet(collector, randomBytes(10), { timestamp: BigInt(timestamp), age }))).result;
    expect(await exposed(before, 0)).toBe('stale');
    expect(await exposed(before + 50_000, 50_000)).toBe('stale');
    expect(await exposed(before + 50_000, 0xffffffff)).toBe('stale');
    expect(await exposed(before + 50_000, 0)).toBe('accepted');
  });

  test('a packet is taken within TTL and skew alone, with a boot that is not in the future', async () => {
    const pool = await openPool();
    const collector = new TestCollector(hmacKey);
    const result = async (offset: number, boot = 1n): Promise<string> => {
      const timestamp = BigInt(Date.now() + offset);
      return (await pool.admit(packet(collector, randomBytes(10), { timestamp, boot }))).result;
    };
    expect(await result(-300_100)).toBe('stale');
    expect(await result(61_000)).toBe('future');
    expect(await result(0, BigInt(Date.now() + 61_000))).toBe('future');
    expect(await result(0, 2n ** 64n - 1n)).toBe('future');
    expect(await result(2 ** 62)).toBe('future');
    expect(await result(59_000)).toBe('accepted');
  });

  test('remembers no more collectors than it has room for, and goes on with those', async () => {
    const pool = await openPool();
    const collectors = Array.from({ length: 257 }, (_, i) => new TestCollector(hmacKey, `c-${i}`));
    const results: string[] = [];
    for (const collector of collectors) {
      results.push((await pool.admit(packet(collector, randomBytes(1)))).result);
    }
    expect(results.filter((result) => result === 'accepted')).toHaveLength(256);
    expect(results.at(-1)).toBe('unready');
    const [known = collectors[256]] = collectors;
    if (known === undefined) throw new Error('no collectors');
    expect(await pool.admit(packet(known, randomBytes(1)))).toMatchObject({ result: 'accepted' });
  });

  test('counts the sequence numbers that are missing', async () => {
    const pool = await openPool();
    const collector = new TestCollector(hmacKey);
    await pool.admit(packet(collector, randomBytes(1), { sequence: 3n }));
    const later = packet(collector, randomBytes(1), { sequence: 10n });
    expect(await pool.admit(later)).toEqual({ result: 'accepted', missing: 6n });
  });

  test('counts none for a collector that is new here and whose run is older than the state', async () => {
    const pool = await openPool();
    const collector = new TestCollector(hmacKey, 'lab-1', 5n);
    expect(await pool.admit(packet(collector, randomBytes(1), { sequence: 30n }))).toMatchObject({
      missing: 0n,
    });
    expect(await pool.admit(packet(collector, randomBytes(1), { sequence: 32n }))).toMatchObject({
      missing: 1n,
    });
  });

  test('keeps the collectors apart', async () => {
    const pool = await openPool();
    for (const id of ['a', 'b', 'c-1']) {
      const collector = new TestCollector(hmacKey, id, 5n);
      expect(await pool.admit(packet(collector, randomBytes(1)))).toMatchObject({ result: 'accepted' });
    }
  });

  test('compares sequences as 64 bit integers', async () => {
    const pool = await openPool();
    const collector = new TestCollector(hmacKey);
    for (const sequence of [2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 2n, 2n ** 64n - 1n]) {
      const next = packet(collector, randomBytes(1), { sequence });
      expect(await pool.admit(next)).toMatchObject({ result: 'accepted' });
      expect(await pool.admit(next)).toMatchObject({ result: 'replay' });
    }
  });

  test('refuses what it cannot hold without using the sequence up; a heartbeat takes no room', async () => {
    const pool = await openPool({ capacity: 1000 });
    const collector = new TestCollector(hmacKey);
    await pool.admit(packet(collector, randomBytes(900)));
    const large = packet(collector, randomBytes(101));
    expect(await pool.admit(large)).toMatchObject({ result: 'full' });
    await take(pool, 1);
    expect(await pool.admit(large)).toEqual({ result: 'accepted', missing: 0n });
    const heartbeat = openPacket(collector.heartbeat(Buffer.from('{}')), keyring);
    expect(await pool.admit(heartbeat)).toEqual({ result: 'accepted', missing: 0n });
    expect(pool.level().bytes).toBe(1000);
    const huge = packet(collector, randomBytes(1001));
    expect(await pool.admit(huge)).toMatchObject({ result: 'full' });
  });

  test('under replace the oldest bytes make room', async () => {
    const pool = await openPool({ capacity: 1000, overflow: 'replace' });
    const collector = new TestCollector(hmacKey);
    const sent = [400, 400, 400, 1].map((size) => randomBytes(size));
    for (const data of sent) await pool.admit(packet(collector, data));
    expect(discarded.get('replaced')).toBe(201);
    expect(await take(pool, 1000)).toEqual(Buffer.concat(sent).subarray(201));
    expect(await pool.admit(packet(collector, randomBytes(1001)))).toMatchObject({ result: 'full' });
  });

  test('with a TTL bytes are gone in time, also when the wall clock is set back an hour', async () => {
    const pool = await openPool({ ttlMs: 1000 });
    await pool.admit(packet(new TestCollector(hmacKey), randomBytes(100)));
    expect(await take(pool, 10)).toHaveLength(10); // into the gateway's own hands, if the pool is elsewhere
    const set = jest
      .spyOn(Date, 'now')
      .mockImplementation(() => performance.timeOrigin + performance.now() - 3.6e6);
    try {
      await until('all bytes expired', () => pool.level().bytes === 0);
      expect(pool.level()).toMatchObject({ bytes: 0, oldestAgeMs: 0 });
      expect(await take(pool, 1)).toBeUndefined();
    } finally {
      set.mockRestore();
    }
  });

  test('with a TTL bytes are gone in time, also when nothing new comes', async () => {
    const pool = await openPool({ ttlMs: 1500 });
    await pool.admit(packet(new TestCollector(hmacKey), randomBytes(1000)));
    expect(await take(pool, 10)).toHaveLength(10);
    await until('all bytes expired', () => pool.level().bytes === 0);
    expect(await take(pool, 1)).toBeUndefined();
    expect(discarded.get('expired')).toBe(990);
  });

  test('a hundred copies of a packet at once: one is accepted', async () => {
    const pool = await openPool();
    const copy = packet(new TestCollector(hmacKey), randomBytes(1000));
    const results = await Promise.all(Array.from({ length: 100 }, async () => pool.admit(copy)));
    expect(results.filter(({ result }) => result === 'accepted')).toHaveLength(1);
    expect(pool.level().bytes).toBe(1000);
  });

  const step = fc.oneof(
    fc.record({
      kind: fc.constant('push' as const),
      collector: fc.constantFrom('a', 'b'),
      boot: fc.bigInt(1n, 3n),
      sequence: fc.bigInt(1n, 12n),
      size: fc.integer({ min: 1, max: 700 }),
    }),
    fc.record({ kind: fc.constant('take' as const), size: fc.integer({ min: 1, max: 900 }) }),
  );

  test.each(['discard', 'replace'] as const)(
    'does in any order of pushes and takes what a simple model does (%s)',
    async (overflow) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
          const pool = await openPool({ capacity: 2000, overflow });
          const model = new Model(2000, overflow);
          for (const action of steps) {
            if (action.kind === 'take') {
              expect(await take(pool, action.size)).toEqual(model.take(action.size));
            } else {
              const { collector, boot, sequence, size } = action;
              const sender = new TestCollector(hmacKey, collector, boot);
              const next = packet(sender, randomBytes(size), { sequence });
              const { result } = await pool.admit(next);
              // How far back a conflict is still told from a replay is the pool's own affair.
              expect(result === 'conflict' ? 'replay' : result).toBe(model.admit(next));
            }
            expect(pool.level().bytes).toBe(model.bytes.length);
          }
          expect(discarded.get('replaced') ?? 0).toBe(model.replaced);
          await pools.pop()?.close();
        }),
        { numRuns: 60 },
      );
    },
  );
}

/** A pool as the contract says it, with no thought of speed. */
class Model {
  bytes = Buffer.alloc(0);
  replaced = 0;
  readonly #last = new Map<string, Packet>();

  constructor(
    private readonly capacity: number,
    private readonly overflow: 'discard' | 'replace',
  ) {}

  admit(next: Packet): string {
    const last = this.#last.get(next.collector);
    const above = next.boot === last?.boot ? next.sequence > last.sequence : next.boot > (last?.boot ?? -1n);
    if (!above) return 'replay';
    const excess = Math.max(0, this.bytes.length + next.data.length - this.capacity);
    if (next.data.length > this.capacity || (excess > 0 && this.overflow === 'discard')) return 'full';
    this.replaced += excess;
    this.bytes = Buffer.concat([this.bytes.subarray(excess), next.data]);
    this.#last.set(next.collector, next);
    return 'accepted';
  }

  take(count: number): Buffer | undefined {
    if (count > this.bytes.length) return undefined;
    const taken = this.bytes.subarray(0, count);
    this.bytes = this.bytes.subarray(count);
    return taken;
  }
}
