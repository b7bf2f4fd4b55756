/**
 * The two theorems of docs/packet.md, on the real classes of both ends, at random and in every order of a few steps.
 *
 *   QRNG_MODEL_RUNS=20000 QRNG_MODEL_SEED=7 QRNG_MODEL_DEPTH=5 npm run jest -- test/model
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { describeWithRedis } from '../support/redis-server.js';
import { tellEvery } from './interleavings.js';
import { ModelRedis } from './model-redis.js';
import type { ModelServers } from './model-redis.js';
import { Dice, step } from './steps.js';
import type { Setting } from './steps.js';
import type { ModelGateway } from './network.js';
import { WINDOW } from './window.js';
import { World } from './world.js';

const RUNS = Number(process.env['QRNG_MODEL_RUNS'] ?? 100);
const SHARED_RUNS = Number(process.env['QRNG_MODEL_RUNS'] ?? 40);
const SEED = Number(process.env['QRNG_MODEL_SEED'] ?? Date.now() % 1_000_000);
const DEPTH = Number(process.env['QRNG_MODEL_DEPTH'] ?? 2);
const TIMEOUT_MS = 3_600_000;

const SETTINGS: readonly [string, Setting][] = [
  ['with right clocks, whatever is lost', { clocks: 'right', losses: true }],
  ['with clocks within the skew, nothing lost', { clocks: 'within the skew', losses: false }],
  ['with clocks anywhere, nothing lost', { clocks: 'anywhere', losses: false }],
  ['with no answer ever, whatever is lost', { clocks: 'right', losses: true, isOneWay: true }],
];

interface Told {
  /** What was taken or served twice, or at the wrong time. */
  readonly twice: readonly string[];
  readonly heals: boolean;
  readonly isBlocked: boolean;
  readonly count: number;
  readonly story: readonly string[];
}

/** Tells one story, then lets the trouble end. */
async function tell(seed: number, setting: Setting, servers?: ModelServers['servers']): Promise<Told> {
  const dice = new Dice(seed);
  const world = await World.begin(servers);
  world.isOneWay = setting.isOneWay === true;
  try {
    world.now += dice.pick([0, 1, 1000]);
    for (let steps = 20 + dice.roll(150); steps > 0; steps--) await step(world, dice, setting);
    await world.calm();
    const heals = await world.heals();
    const isBlocked = world.gateways.some((gateway) => gateway.isBlocked());
    const { untimely } = world.network;
    const wrong = [...world.network.twice(), ...(setting.clocks === 'anywhere' ? [] : untimely)];
    return { twice: wrong, heals, isBlocked, count: world.network.count, story: world.story };
  } finally {
    await world.end();
  }
}

async function tellAll(runs: number, setting: Setting, servers?: ModelServers['servers']): Promise<void> {
  let [taken, locked] = [0, 0];
  for (let run = 0; run < runs; run++) {
    const seed = SEED * 100_000 + run;
    const { twice, heals, isBlocked, count, story } = await tell(seed, setting, servers);
    const isHealthy = heals || (setting.clocks === 'anywhere' && isBlocked);
    if (twice.length > 0 || !isHealthy) process.stdout.write(`${story.join('\n')}\n`);
    expect({ seed, twice }).toEqual({ seed, twice: [] });
    // Where the gateway's own clock was wrong, it says so instead.
    expect({ seed, heals: isHealthy }).toEqual({
      seed,
      heals: true,
    });
    taken += count;
    locked += heals ? 0 : 1;
  }
  process.stdout.write(
    `model: ${runs} runs from seed ${SEED}, ${taken} packets taken, ${locked} runs end blocked\n`,
  );
  expect(taken).toBeGreaterThan(runs * 5); // else nothing was tested
}

async function tellOrders(depth: number, servers?: ModelServers['servers']): Promise<void> {
  const { orders, taken, twice } = await tellEvery(depth, servers);
  expect(twice).toBeUndefined();
  process.stdout.write(`model: ${orders} orders of up to ${depth} steps, ${taken} packets taken\n`);
  expect(taken).toBeGreaterThan(orders / 2);
}

/** How many ms before it gives the bytes up, and how many the packet is on its way then. */
const [LAST_MOMENT_MS, ON_ITS_WAY_MS] = [239_999, 1000];

/**
 * A collector whose clock is behind by the skew seals bytes for the last time, and while the packet is on its way another collector comes
 * back that was silent for just longer than TTL: what it leaves must not keep these bytes out.
 */
async function tellLate(servers?: ModelServers['servers']): Promise<number> {
  const world = await World.begin(servers);
  try {
    const [silent, late, gateway] = [world.collector(0), world.collector(1), world.gateway(0)];
    world.now += 600_000;
    late.offset = -WINDOW.skewMs;
    late.restart();
    await world.send(silent, gateway, {});
    const comesBack = world.now + WINDOW.ttlMs + 1;
    world.now = comesBack - ON_ITS_WAY_MS - LAST_MOMENT_MS;
    await world.send(late, gateway, { delivered: false, answer: 507 });
    world.now = comesBack - ON_ITS_WAY_MS;
    await world.send(late, gateway, { delivered: false, answer: 0 });
    world.now = comesBack;
    expect(await world.send(silent, gateway, {})).toBe(204);
    return await world.replay(1, gateway);
  } finally {
    await world.end();
  }
}

/** The boot of each packet that was sealed by a collector of which one answer was lost, after the gateway took the packet, and one was 503. */
async function tellLostAnswer(servers?: ModelServers['servers']): Promise<bigint[]> {
  const world = await World.begin(servers);
  try {
    const [collector, gateway] = [world.collector(0), world.gateway(0)];
    world.now += 10;
    expect(await world.send(collector, gateway, { answer: 0 })).toBe(204);
    await world.send(collector, gateway, { delivered: false, answer: 503 });
    expect(await world.send(collector, gateway, {})).toBe(409);
    expect(await world.send(collector, gateway, {})).toBe(204);
    return world.network.wire.map((packet) => packet.readBigUInt64BE(32));
  } finally {
    await world.end();
  }
}

/**
 * The state begins while the clocks of gateways are a year ahead, nothing is taken then, and they are set right; a packet of a collector that is
 * ahead within the skew is taken, and the gateways crash: what is answered.
 */
async function tellAhead(servers?: ModelServers['servers']): Promise<number[]> {
  const world = await World.begin(servers);
  try {
    const [collector, gateway] = [world.collector(0), world.gateway(0)];
    const hosts = [...world.gateways, ...(world.redis === undefined ? [] : [world.redis])];
    for (const host of hosts) host.offset = 365 * 86_400_000;
    for (const each of world.gateways) {
      await each.stop();
      each.loseState('deleted');
    }
    await world.redis?.lose();
    for (const each of world.gateways) await each.start();
    const statuses: number[] = [];
    const send = async (): Promise<void> => {
      world.now += 1000;
      statuses.push(await world.send(collector, gateway, {}));
    };
    await send();
    for (const host of hosts) host.offset = 0;
    await send(); // the same bytes, exposed before the floor that is lowered by it
    collector.offset = WINDOW.skewMs / 2;
    collector.restart();
    await send();
    for (const each of world.gateways) {
      await each.crash();
      await each.start();
    }
    statuses.push(await world.replay(0, gateway));
    world.now += WINDOW.skewMs;
    await send();
    return statuses;
  } finally {
    await world.end();
  }
}

/** A packet is taken while all clocks are a day ahead, `then` happens, and the clocks are set right: what a copy gets a day later. */
async function tellFuture(
  then: (gateway: ModelGateway, collector: string) => Promise<void>,
  servers?: ModelServers['servers'],
): Promise<number> {
  const world = await World.begin(servers);
  try {
    const [collector, gateway] = [world.collector(0), world.gateway(0)];
    const hosts = [collector, ...world.gateways, ...(world.redis === undefined ? [] : [world.redis])];
    for (const host of hosts) host.offset = 86_400_000;
    collector.restart();
    world.now += 10;
    expect(await world.send(collector, gateway, {})).toBe(204);
    await then(gateway, collector.id);
    for (const host of hosts) host.offset = 0;
    if (!gateway.up) await gateway.start();
    collector.restart();
    await world.send(collector, gateway, {}); // has the gateway look at the position
    world.now += 86_400_000;
    return await world.replay(1, gateway);
  } finally {
    await world.end();
  }
}

/** Somebody with a stolen key seals the highest number there is, as far ahead as it may be: what its collector gets TTL plus skew later. */
async function tellStolen(servers?: ModelServers['servers']): Promise<number> {
  const world = await World.begin(servers);
  try {
    const [collector, gateway] = [world.collector(0), world.gateway(0)];
    const { ttlMs, skewMs } = WINDOW;
    world.now += 1000;
    const highest = { boot: 2 * skewMs - 1, sequence: 2n ** 64n - 1n };
    await world.forge({ collector: collector.id, ...highest, stampedIn: skewMs, age: 0 }, gateway);
    world.now += ttlMs + skewMs + 1;
    return await world.send(collector, gateway, {});
  } finally {
    await world.end();
  }
}

const FUTURES: readonly [string, (gateway: ModelGateway, collector: string) => Promise<void>][] = [
  ['its collector forgotten then', (gateway, collector) => gateway.forget(collector)],
  ['the gateway killed then', (gateway) => gateway.crash()],
];

describe('no bytes are taken twice, and a healthy collector is taken again', () => {
  describe('by a gateway of its own', () => {
    test.each(SETTINGS)('%s', (_, setting) => tellAll(RUNS, setting), TIMEOUT_MS);

    test('in every order of a few steps', () => tellOrders(DEPTH), TIMEOUT_MS);

    test('nor is one refused that is as late as it may be, since another one was silent', async () =>
      expect(await tellLate()).toBe(204));

    test('nor does an answer that is lost end a run', async () => {
      const [boot, ...boots] = await tellLostAnswer();
      expect(boots).toEqual([boot]);
    });

    test('nor does a state that began while a clock was ahead keep a collector out', async () =>
      expect(await tellAhead()).toEqual([422, 422, 204, 422, 204]));

    test('nor does a packet of a stolen key that is stamped ahead keep a collector out for longer than TTL plus skew', async () =>
      expect(await tellStolen()).toBe(204));

    test.each(FUTURES)(
      'nor is a packet taken again that was taken while clocks were ahead, and %s',
      async (_, then) => expect(await tellFuture(then)).not.toBe(204),
    );
  });

  describeWithRedis('by two gateways that share a pool', () => {
    let servers: ModelServers;
    beforeAll(async () => (servers = await ModelRedis.start()));
    afterAll(() => servers.close());

    test.each(SETTINGS)('%s', (_, setting) => tellAll(SHARED_RUNS, setting, servers.servers), TIMEOUT_MS);

    test('in every order of a few steps', () => tellOrders(DEPTH, servers.servers), TIMEOUT_MS);

    test('nor is one refused that is as late as it may be, since another one was silent', async () =>
      expect(await tellLate(servers.servers)).toBe(204));

    test('nor does an answer that is lost end a run', async () => {
      const [boot, ...boots] = await tellLostAnswer(servers.servers);
      expect(boots).toEqual([boot]);
    });

    test('nor does a state that began while a clock was ahead keep a collector out', async () =>
      expect(await tellAhead(servers.servers)).toEqual([422, 422, 204, 409, 204]));

    test('nor does a packet of a stolen key that is stamped ahead keep a collector out for longer than TTL plus skew', async () =>
      expect(await tellStolen(servers.servers)).toBe(204));

    test.each(FUTURES)(
      'nor is a packet taken again that was taken while clocks were ahead, and %s',
      async (_, then) => expect(await tellFuture(then, servers.servers)).not.toBe(204),
    );
  });
});
