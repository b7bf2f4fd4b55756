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

describe('no bytes are taken twice, and a healthy collector is taken again', () => {
  describe('by a gateway of its own', () => {
    test.each(SETTINGS)('%s', (_, setting) => tellAll(RUNS, setting), TIMEOUT_MS);

    test('in every order of a few steps', () => tellOrders(DEPTH), TIMEOUT_MS);
  });

  describeWithRedis('by two gateways that share a pool', () => {
    let servers: ModelServers;
    beforeAll(async () => (servers = await ModelRedis.start()));
    afterAll(() => servers.close());

    test.each(SETTINGS)('%s', (_, setting) => tellAll(SHARED_RUNS, setting, servers.servers), TIMEOUT_MS);

    test('in every order of a few steps', () => tellOrders(DEPTH, servers.servers), TIMEOUT_MS);
  });
});
