/** The steps of a story, and stories at random. */
import type { Forgery, World } from './world.js';

/** What clocks may do: nothing, differ within the skew, or anything. */
export type Clocks = 'right' | 'within the skew' | 'anywhere';

/** A story: what can happen in it. */
export interface Setting {
  readonly clocks: Clocks;
  /** Whether gateways, collectors and Redis lose what they know. */
  readonly losses: boolean;
  /** Whether the carrier brings no answers, as udp and a spool: what was sent is gone then. */
  readonly isOneWay?: boolean;
}

/** Random numbers that a seed gives again (xorshift32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761 + 1) >>> 0 || 1;
  }

  /** A number from 0 to `below`, exclusive. */
  roll(below: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % below;
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.roll(list.length)] ?? list[0];
  }

  chance(percent: number): boolean {
    return this.roll(100) < percent;
  }
}

const PAUSES = [0, 0, 1, 1, 5, 1000, 2000, 30_000, 200_000] as const;
const FORGED_ANSWERS = [0, 0, 400, 401, 409, 422, 502, 503, 503, 507] as const;
const FAILPOINTS = [
  'state-written',
  'state-renamed',
  'state-synced',
  'packet-accepted',
  'packet-stored',
] as const;
const SECOND = 1000;

/** Takes one step at random. */
export async function step(world: World, dice: Dice, setting: Setting): Promise<void> {
  world.now += dice.pick(PAUSES);
  const before = world.story.length;
  const did = await stepOf(world, dice, setting);
  if (world.story.length === before) world.tell(did);
}

async function stepOf(world: World, dice: Dice, setting: Setting): Promise<string> {
  const gateway = world.gateway(dice.roll(2));
  const collector = world.collector(dice.roll(4));
  const roll = dice.roll(100);
  if (roll < 45) {
    const forged = dice.chance(30) ? { answer: dice.pick(FORGED_ANSWERS) } : {};
    await world.send(collector, gateway, {
      delivered: dice.chance(80),
      heartbeat: dice.chance(15),
      copies: dice.pick([1, 1, 1, 2]),
      ...forged,
    });
    return 'send';
  }
  if (roll < 63) {
    await world.replay(dice.chance(50) ? dice.roll(3) : dice.roll(40), gateway);
    return 'nothing to replay';
  }
  if (roll < 68) {
    await world.forge(forgery(dice, setting), gateway);
    return 'forge';
  }
  if (roll < 70) {
    await world.network.drain(gateway);
    return 'the pool is drained';
  }
  if (roll < 72) {
    return operate(world, dice);
  }
  if (roll < 76) return restart(world, dice, 'crash');
  if (roll < 79) return restart(world, dice, 'stop');
  if (roll < 89) return disturb(world, dice, roll - 79);
  if (roll < 95) return setClocks(world, dice, setting.clocks);
  return setting.losses ? lose(world, dice) : 'nothing';
}

/** What an operator may do at any time. */
async function operate(world: World, dice: Dice): Promise<string> {
  const collector = world.collector(dice.roll(4));
  if (dice.chance(50)) {
    world.rotate(collector);
    return `another key for ${collector.id}`;
  }
  const gateway = world.gateway(dice.roll(2));
  if (gateway.up) await gateway.forget(collector.id);
  return `replay forget ${collector.id}`;
}

/** Restarts a collector, or its machine from a snapshot. */
function disturb(world: World, dice: Dice, roll: number): string {
  const collector = world.collector(dice.roll(4));
  if (roll < 3) {
    collector.restart();
    return `${collector.id} restarts`;
  }
  if (roll < 6) {
    world.photograph(collector);
    return `a snapshot of ${collector.id}`;
  }
  const beside = dice.chance(30);
  world.restore(collector, beside);
  return `${collector.id} is restored${beside ? ' beside' : ''}`;
}

function forgery(dice: Dice, { losses }: Setting): Forgery {
  const past = [0, 0, -200_000, -1] as const;
  return {
    collector: dice.pick(['lab-1', 'lab-1', 'lab-2', 'x']),
    boot: dice.pick([-1000, 0, 60_000, 119_000, Infinity]),
    sequence: dice.pick([1n, 7n, 2n ** 64n - 1n]),
    // A state that is lost within the lead of a clock that runs ahead is what SECURITY.md leaves open.
    stampedIn: dice.pick(losses ? past : [...past, 1, 59_000, 60_000, 3_600_000]),
    age: dice.pick([0, 0, 1, 100_000, 0xffffffff]),
  };
}

async function restart(world: World, dice: Dice, how: 'crash' | 'stop'): Promise<string> {
  const gateway = world.gateway(dice.roll(2));
  const failpoint = dice.chance(60) ? dice.pick(FAILPOINTS) : undefined;
  if (!gateway.up) await gateway.start();
  else if (how === 'stop') await gateway.stop();
  else await gateway.crash(failpoint);
  world.now += dice.pick([0, 1, 3000]);
  if (!gateway.up) await gateway.start();
  return `a gateway: ${how} ${how === 'stop' ? '' : (failpoint ?? '')}, ${gateway.up ? 'up' : 'down'}`;
}

async function lose(world: World, dice: Dice): Promise<string> {
  const { redis } = world;
  if (dice.chance(20)) {
    world.collector(dice.roll(2)).loseState();
    return 'a collector loses its state';
  }
  if (redis === undefined) {
    const gateway = world.gateway(0);
    const how = dice.pick(['deleted', 'damaged', 'restored', 'kept', 'kept'] as const);
    if (how !== 'kept') await (dice.chance(50) ? gateway.stop() : gateway.crash());
    if (how === 'kept') gateway.keepState();
    else gateway.loseState(how);
    if (!gateway.up) await gateway.start();
    return `the gateway's state is ${how}`;
  }
  if (dice.chance(20)) {
    await world.restoreRedis();
    return 'redis: its machine is restored';
  }
  const what = dice.pick(['lose', 'failOver', 'failBack', 'replicate', 'replicate', 'photograph'] as const);
  await redis[what]();
  return `redis: ${what}`;
}

function setClocks(world: World, dice: Dice, clocks: Clocks): string {
  if (clocks === 'right') return 'nothing';
  const most = clocks === 'anywhere' ? 10 ** 9 : 30 * SECOND - 1;
  const offset = (): number => dice.pick([0, 1, -1, dice.roll(2 * most + 1) - most, dice.roll(2001) - 1000]);
  const hosts = [...world.gateways, ...world.collectors, ...(world.redis === undefined ? [] : [world.redis])];
  // They run, and so have seen what their clocks did until now.
  for (const collector of world.collectors) collector.look();
  // All of them together now and then, as where one time server is wrong.
  const ahead = offset();
  const together = dice.chance(20);
  const one = dice.roll(hosts.length);
  for (const [index, host] of hosts.entries()) if (together || index === one) host.offset = ahead;
  return `clocks: ${hosts.map((host) => host.offset).join(' ')}`;
}
