/**
 * Real gateways, killed again and again at any moment while entropy flows through them and everything that was captured is sent again: no
 * byte is served twice, and each receipt that was given is in the one history of its log. By hand, with a report of the counts:
 *
 *   QRNG_KILLS=200 npm run jest -- test/kills
 */
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { GatewayProcess, killAt } from '../support/gateway-process.js';
import type { Environment } from '../support/gateway.js';
import { temporaryFolder } from '../support/gateway.js';
import { describeWithRedis } from '../support/redis-server.js';
import { receiptSettings } from '../support/signing-collector.js';
import { until } from '../support/until.js';
import { HostileLoad } from './hostile-load.js';
import { RedisPair } from './redis-pair.js';
import { Witness } from './witness.js';

const KILLS = Number(process.env['QRNG_KILLS'] ?? 1);
const TIMEOUT_MS = 120_000 + KILLS * 20_000;
/** More than one round takes from the pool, by far. */
const BYTES_OF_ROUND = 64 * 2 ** 20;
/** Where a gateway may kill itself, as a power cut would, and how often it passes there before. */
const PLACES = [
  ...['packet-accepted', 'packet-stored', 'state-written', 'state-renamed', 'state-synced'],
  ...['receipt-unreserved', 'receipt-unwritten', 'receipt-unsynced', 'receipt-synced', 'receipts-uncreated'],
  ...['checkpoint-unwritten', 'checkpoint-remembered', 'checkpoint-written'],
];

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A gateway that is replaced by the next one on the same state, each time that it ends. */
class Victim {
  gateway!: GatewayProcess;
  ends: Record<string, number> = {};

  constructor(private env: Environment) {
    closing.push(() => this.gateway.close());
  }

  /** Starts it, in one of three cases so that it kills itself at some place; one that ends before it listens is started again. */
  async start(places: readonly string[] = []): Promise<GatewayProcess> {
    for (;;) {
      const place = places.length > 0 && randomInt(3) === 0 ? places[randomInt(places.length)] : undefined;
      const options = place === undefined ? [] : killAt(place, 1 + randomInt(randomInt(2) === 0 ? 3 : 60));
      try {
        this.gateway = await GatewayProcess.start(this.env, options);
        this.env = this.gateway.env;
        return this.gateway;
      } catch (error) {
        if (place === undefined) throw error;
        this.#count(`${place} at the start`);
      }
    }
  }

  /** Lets it live until `isEnough`, and a moment longer; then it is killed, or now and then stopped. */
  async live(isEnough: () => boolean): Promise<void> {
    const { run } = this.gateway;
    const { child } = run;
    const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
    await until('it has served', () => isEnough() || isOver());
    await sleep(randomInt(300));
    if (isOver()) {
      this.#count('by itself');
      return;
    }
    const isStopped = randomInt(4) === 0;
    if (isStopped) child.kill('SIGTERM');
    else child.kill('SIGKILL');
    const { code, signal } = await run.ended;
    this.#count(code === 0 ? 'SIGTERM' : String(signal ?? code));
  }

  #count(end: string): void {
    this.ends[end] = (this.ends[end] ?? 0) + 1;
  }
}

function report(what: string, load: HostileLoad, more: object): void {
  const { served, made, twice, foreign } = load.entropy;
  process.stdout.write(
    `${what}: ${JSON.stringify({ made, served, twice, foreign, ...load.tally, ...more })}\n`,
  );
}

/** What is wrong with the receipts once the pool is drained and the gateway has started for the last time. */
async function faultsInTheEnd(victim: Victim, load: HostileLoad, witness: Witness): Promise<string[]> {
  await load.stop();
  await load.drain();
  await victim.gateway.stop();
  load.gateways[0] = await victim.start();
  return witness.faults(victim.gateway, load.promised);
}

const LIMITLESS = { QRNG_BUFFER_SIZE: `${2 ** 20}`, QRNG_LOG_LEVEL: 'info' };

test(
  'a gateway with receipts serves no byte twice, and keeps each receipt it gave in one history',
  async () => {
    const victim = new Victim({ ...LIMITLESS, ...receiptSettings() });
    const { env } = await victim.start();
    const key = env['QRNG_HMAC_SECRET_KEY'] ?? '';
    const load = new HostileLoad([victim.gateway], key, (KILLS + 2) * BYTES_OF_ROUND, true);
    const witness = new Witness();
    load.start([0, 1500, -1500], 4);
    for (let round = 0; round < KILLS; round++) {
      const { answers } = load.tally;
      const before = victim.gateway;
      await victim.live(() => {
        void witness.look(before);
        return load.tally.answers > answers + 10;
      });
      load.gateways[0] = await victim.start(PLACES);
      await before.close();
      await load.replay(50);
    }
    const faults = await faultsInTheEnd(victim, load, witness);
    report('receipts', load, {
      receipts: load.promised.length,
      checkpoints: witness.seen,
      ends: victim.ends,
    });
    const { twice, foreign } = load.entropy;
    expect({ twice, foreign, faults }).toEqual({ twice: 0, foreign: 0, faults: [] });
    expect(load.promised.length).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

/** The processes that serve. */
function workersOf(gateway: GatewayProcess): number[] {
  const { pid } = gateway.run.child;
  try {
    return execFileSync('ps', ['-o', 'pid=', '--ppid', `${pid}`])
      .toString()
      .trim()
      .split(/\s+/)
      .map(Number);
  } catch {
    return []; // ps found none
  }
}

test(
  'a gateway of two workers serves no byte twice, and keeps each receipt it gave, also when these or their head are killed in the middle of a draw',
  async () => {
    const victim = new Victim({ ...LIMITLESS, QRNG_WORKERS: '2', ...receiptSettings() });
    const { env } = await victim.start();
    const key = env['QRNG_HMAC_SECRET_KEY'] ?? '';
    const load = new HostileLoad([victim.gateway], key, (KILLS + 2) * BYTES_OF_ROUND, true);
    const witness = new Witness();
    load.start([0, 1500], 6);
    let killed = 0;
    for (let round = 0; round < KILLS; round++) {
      const { answers } = load.tally;
      await witness.look(victim.gateway);
      if (randomInt(3) > 0) {
        await until('it has served', () => load.tally.answers > answers + 10);
        await sleep(randomInt(300));
        const workers = workersOf(victim.gateway);
        for (const worker of workers.slice(0, 1 + randomInt(2))) {
          process.kill(worker, 'SIGKILL');
          killed += 1;
        }
        continue;
      }
      const before = victim.gateway;
      await victim.live(() => load.tally.answers > answers + 10);
      load.gateways[0] = await victim.start();
      await before.close();
      await load.replay(50);
    }
    const faults = await faultsInTheEnd(victim, load, witness);
    report('workers', load, {
      receipts: load.promised.length,
      checkpoints: witness.seen,
      ...{ killed, ends: victim.ends },
    });
    const { twice, foreign, served } = load.entropy;
    expect({ twice, faults }).toEqual({ twice: 0, faults: [] });
    expect(load.promised.length).toBeGreaterThan(0);
    expect(foreign).toBeLessThan(served / 10); // leases end where they like
  },
  TIMEOUT_MS,
);

describeWithRedis('two gateways that share a pool', () => {
  test(
    'serve no byte twice while they are killed, Redis is, and a replica takes its place and gives it back',
    async () => {
      const redis = await RedisPair.start();
      closing.push(() => redis.close());
      const shared = { ...LIMITLESS, QRNG_REDIS_URL: redis.url };
      const one = new Victim(shared);
      const { env } = await one.start();
      const two = new Victim({ ...env, QRNG_STATE_DIR: temporaryFolder() });
      const victims = [one, two];
      await two.start();
      const key = env['QRNG_HMAC_SECRET_KEY'] ?? '';
      const load = new HostileLoad([one.gateway, two.gateway], key, (KILLS + 2) * BYTES_OF_ROUND, false);
      load.start([0, 1500], 6);
      const done: Record<string, number> = {};
      for (let round = 0; round < KILLS; round++) {
        const { answers } = load.tally;
        const hasServed = (): boolean => load.tally.answers > answers + 10;
        await until('it has served', hasServed);
        await sleep(randomInt(300));
        const what = (['kill', 'restart', 'failOver', 'failOverAndBack'] as const)[randomInt(4)] ?? 'kill';
        done[what] = (done[what] ?? 0) + 1;
        if (what !== 'kill') {
          await redis[what](() => load.tally.answers > answers + 30);
          continue;
        }
        for (const [i, victim] of victims.slice(0, 1 + randomInt(2)).entries()) {
          const before = victim.gateway;
          await victim.live(hasServed);
          load.gateways[i] = await victim.start();
          await before.close();
        }
        await load.replay(50);
      }
      await load.stop();
      await load.drain();
      report('shared', load, { done, ends: [one.ends, two.ends] });
      const { twice, foreign } = load.entropy;
      expect({ twice, foreign }).toEqual({ twice: 0, foreign: 0 });
    },
    TIMEOUT_MS,
  );
});
