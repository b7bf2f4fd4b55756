import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { SourceTelemetry, Telemetry } from '#libs/crypto';
import { Clock } from '../../apps/gateway/src/clock.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';

const CAPACITY = 4_000_000;

interface Status {
  warnings: string[];
  pool: {
    bytes: number;
    capacity: number;
    oldestAgeSeconds: number;
    ready: boolean;
    secondsUntilEmpty: number | null;
  };
  feed: { fed: boolean; secondsSinceLastEntropy: number | null };
  throughput: { inBytesPerSecond: number; outBytesPerSecond: number };
  collectors: { name: string; secondsSinceLastPacket: number; packets: number; missingPackets: string }[];
}
interface Quality {
  bytes: number;
  statistics: Record<string, { value: number; expected: number; verdict: string }> | null;
  note: string;
}

let gateway: TestGateway;
/** Moves the clocks of the gateway, which stand still otherwise. */
let move: (ms: number) => void;
beforeEach(async () => {
  gateway = await startGateway({ QRNG_BUFFER_SIZE: String(CAPACITY), QRNG_ON_BAD_ENTROPY: 'warn' });
  const clock = gateway.app.get(Clock);
  const start = { wall: clock.now(), monotonic: Math.ceil(clock.monotonic()) }; // whole: sums of fractions are rounded
  let moved = 0;
  clock.now = () => start.wall + moved;
  clock.monotonic = () => start.monotonic + moved;
  move = (ms) => (moved += ms);
});
afterEach(() => gateway.close());

async function read<T>(path: string): Promise<T> {
  const { status, text } = await gateway.get(path);
  expect([path, status]).toEqual([path, 200]);
  return JSON.parse(text) as T;
}
const status = () => read<Status>('/api/status');
const quality = () => read<Quality>('/api/quality');

describe('/api/status', () => {
  test('says of a new gateway that it is empty and was never fed', async () => {
    expect(await status()).toMatchObject({
      warnings: [
        'The pool is filled to 0 %; below 5 % the gateway is not ready.',
        'No entropy has come since this gateway started.',
      ],
      pool: { bytes: 0, capacity: CAPACITY, ready: false, secondsUntilEmpty: null },
      feed: { fed: false, secondsSinceLastEntropy: null },
      throughput: { inBytesPerSecond: 0, outBytesPerSecond: 0 },
      collectors: [],
    });
  });

  test('says of one that is fed how full it is, by whom and how fast, and warns of nothing', async () => {
    await gateway.fill(600_000);
    gateway.collector.sequence += 2n;
    move(10_000);
    await gateway.fill(60_000);
    move(20_000);
    const { warnings, pool, feed, throughput, collectors } = await status();
    expect(warnings).toEqual([]);
    expect(pool).toMatchObject({
      bytes: 660_000,
      ready: true,
      oldestAgeSeconds: 30,
      secondsUntilEmpty: null,
    });
    expect(feed).toEqual({ fed: true, secondsSinceLastEntropy: 20 });
    // Within the 30 s, and the while of its start, that the gateway has run.
    expect(throughput.inBytesPerSecond).toBeGreaterThanOrEqual(11_000);
    expect(throughput.inBytesPerSecond).toBeLessThanOrEqual(22_000);
    expect(collectors).toMatchObject([
      { name: 'collector-1', secondsSinceLastPacket: 20, packets: 2, missingPackets: '2' },
    ]);
  });

  test('warns of a feed and a collector that went silent, and says when the pool will be empty', async () => {
    await gateway.fill(600_000);
    move(120_000);
    for (let i = 0; i < 6; i++) await gateway.get('/api/random?bytes=60000');
    const { warnings, pool, feed, throughput } = await status();
    expect(feed).toEqual({ fed: false, secondsSinceLastEntropy: 120 });
    expect(throughput).toEqual({ inBytesPerSecond: 0, outBytesPerSecond: 6000 });
    expect(pool).toMatchObject({ bytes: 240_000, ready: true, secondsUntilEmpty: 40 });
    expect(warnings).toEqual([
      'At this rate the pool is empty in 40 s.',
      'No entropy has come for 120 s.',
      'Collector collector-1 has sent nothing for 120 s.',
    ]);
  });
});

test('a full pool that nothing has come into for long is how an idle gateway is well', async () => {
  await gateway.fill(CAPACITY - 100);
  move(120_000);
  expect((await gateway.push(gateway.collector.seal(Buffer.alloc(101, 7)))).status).toBe(507);
  const telemetry = {
    ...{ dropped: { full: 4096 }, startedAt: 1, deliveredBytes: 5, clockSteps: 0, logLinesLost: 0 },
  };
  const timestamp = BigInt(Math.round(gateway.app.get(Clock).now()));
  expect((await gateway.push(gateway.collector.heartbeat(telemetry, { timestamp }))).status).toBe(204);
  const { warnings, feed } = await status();
  expect(warnings).toEqual([]);
  expect(feed).toEqual({ fed: false, secondsSinceLastEntropy: 120 });
});

describe('/api/status of what a collector says of itself', () => {
  const DAY_MS = 86_400_000;
  const calm = (): Partial<Telemetry> & Pick<Telemetry, 'sources'> => ({
    ...{ startedAt: 1, deliveredBytes: 5, clockSteps: 0, logLinesLost: 0 },
    sources: [{ name: 'lab', up: true, state: 'up', bytes: 1, healthFailures: {}, quarantines: 0 }],
    mixing: { up: true, state: 'up', sourcesUp: 1, minimum: 1, quarantines: 0, healthFailures: {} },
  });
  const warningsOf = async (telemetry: Partial<Telemetry>): Promise<string[]> => {
    const timestamp = BigInt(Math.round(gateway.app.get(Clock).now()));
    expect((await gateway.push(gateway.collector.heartbeat(telemetry, { timestamp }))).status).toBe(204);
    const { warnings } = await status();
    return warnings.filter((warning) => warning.includes('collector-1'));
  };

  test('shows its counters, its mixing and when its certificates expire', async () => {
    const at = Date.UTC(2030, 0, 1);
    const { sources, ...rest } = calm();
    const shown = { ...rest, sources: sources.map((source) => ({ ...source, certificateExpiresAt: at })) };
    expect(await warningsOf({ ...shown, dropped: { health: 8192 }, pushCertificateExpiresAt: at })).toEqual(
      [],
    );
    expect((await status()).collectors).toMatchObject([
      {
        ...{ deliveredBytes: 5, droppedBytes: { health: 8192 }, clockSteps: 0, logLinesLost: 0 },
        pushCertificateExpiresAt: '2030-01-01T00:00:00.000Z',
        mixing: { up: true, sourcesUp: 1, minimum: 1 },
        sources: [{ name: 'lab', certificateExpiresAt: '2030-01-01T00:00:00.000Z' }],
      },
    ]);
  });

  test('warns of what stands still until somebody acts, and says what to do', async () => {
    const [source] = calm().sources;
    const latched = { name: 'lab', ...source, up: false, state: 'persistent', lastError: 'apt' } as const;
    const mixing = {
      up: false,
      state: 'starting',
      sourcesUp: 0,
      minimum: 2,
      quarantines: 0,
      healthFailures: {},
    };
    const soon = gateway.app.get(Clock).now() + 3.5 * DAY_MS;
    const telemetry = {
      ...calm(),
      mixing,
      sources: [latched as SourceTelemetry],
      pushCertificateExpiresAt: soon,
    };
    expect(await warningsOf(telemetry)).toEqual([
      'Collector collector-1 passes nothing on: 0 of its sources are up, and QRNG_MIXING_MIN_SOURCES is 2.',
      'Collector collector-1 does not use its source lab (persistent, apt). Find out why, then run "npm run sources -- release" on its machine.',
      'The client certificate of collector collector-1 expires in 3 days.',
    ]);
    expect(await warningsOf({ ...calm(), mixing: { ...mixing, state: 'persistent' } })).toEqual([
      expect.stringContaining('npm run sources -- release mixed'),
    ]);
  });

  test('warns for an hour of clocks that stepped, logs that nobody reads, bytes lost on the way', async () => {
    await gateway.push(gateway.collector.heartbeat({ ...calm(), clockSteps: 4 })); // when that was is not known
    expect(await warningsOf({ ...calm(), clockSteps: 4 })).toEqual([]);
    const trouble = { ...calm(), clockSteps: 5, logLinesLost: 1, dropped: { expired: 1, health: 1 } };
    expect(await warningsOf(trouble)).toHaveLength(3);
    move(3_599_000);
    expect(await warningsOf(trouble)).toHaveLength(3);
    move(1000);
    expect(await warningsOf(trouble)).toEqual([]);
  });
});

describe('/api/quality', () => {
  const MIB = 1_048_576;

  test('says nothing before a mebibyte has come, as fewer bytes could be inferred from their statistics', async () => {
    expect(await quality()).toMatchObject({ bytes: 0, statistics: null });
    await gateway.fill(MIB - 1);
    expect(await quality()).toMatchObject({ bytes: 0, statistics: null });
  });

  test('judges what came in, not what goes out, and takes none of it', async () => {
    await gateway.fill(MIB);
    const before = await quality();
    expect(Object.keys(before.statistics ?? {})).toEqual([
      'ones',
      'chiSquare',
      'serialCorrelation',
      'monteCarloPi',
      'minEntropy',
    ]);
    // A chance of 5 in 10^9 that good bytes are called bad.
    for (const { verdict } of Object.values(before.statistics ?? {})) {
      expect(verdict).not.toMatch(/^not random/);
    }
    expect(before.note).toContain('They cannot show that bytes are unpredictable');
    expect(await gateway.metric('qrng_pool_bytes')).toBe(MIB);
    await gateway.get('/api/random?bytes=60000');
    expect(await quality()).toEqual(before);
  });

  test('stays as it is until the next window is full, a second later or more', async () => {
    await gateway.fill(MIB);
    const first = await quality();
    const zeros = (): Promise<unknown> => gateway.push(gateway.collector.seal(Buffer.alloc(MIB / 2)));
    for (let i = 0; i < 2; i++) await zeros(); // too soon: not counted
    move(1000);
    await zeros();
    expect(await quality()).toEqual(first);
    await zeros();
    expect((await quality()).statistics?.['ones']?.value).toBe(0);
  });

  test('finds a source that repeats itself', async () => {
    for (let i = 0; i < 16; i++) {
      const data = Buffer.concat(Array<Buffer>(1024).fill(randomBytes(64)));
      expect((await gateway.push(gateway.collector.seal(data))).status).toBe(204);
    }
    const { bytes, statistics } = await quality();
    expect(bytes).toBe(MIB);
    expect(statistics?.['chiSquare']?.verdict).toMatch(/^not random/);
    expect(statistics?.['minEntropy']?.verdict).toMatch(/^not random/);
  });
});
