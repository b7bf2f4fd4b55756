/** Every order of a few steps: what happens, and then everything that was captured is sent again, before and after a crash. */
import { World } from './world.js';
import type { ModelServers } from './model-redis.js';

/** One step; `nothing` when it changed nothing, so that what follows was already tried without it. */
type Step = (world: World) => unknown;
const NOTHING = 'nothing';

const COMMON: Readonly<Record<string, Step>> = {
  'send, and hear': (world) => send(world, {}),
  'send, and hear nothing': (world) => send(world, { answer: 0 }),
  'send, but the adversary keeps it and answers 503': (world) =>
    send(world, { delivered: false, answer: 503 }),
  'send a heartbeat': (world) => send(world, { heartbeat: true }),
  'replay the last one': (world) => replay(world, 0),
  'replay the one before': (world) => replay(world, 1),
  'serve all there is': (world) => serve(world),
  'forget the collector': (world) => world.gateway(0).forget('lab-1'),
  'kill the gateway': async (world) => {
    await world.gateway(0).crash();
    await world.gateway(0).start();
  },
  'restart the gateway': async (world) => {
    await world.gateway(0).stop();
    await world.gateway(0).start();
  },
  'restart the collector': (world) => {
    world.collector(0).restart();
  },
  'take a snapshot': (world) => {
    world.photograph(world.collector(0));
  },
  'restore it': (world) => {
    world.restore(world.collector(0), false);
  },
  'a millisecond': (world) => pause(world, 1),
  'two seconds': (world) => pause(world, 2000),
  'TTL and skew': (world) => pause(world, 360_002),
};

const EMBEDDED: Readonly<Record<string, Step>> = {
  ...COMMON,
  "copy the gateway's state": (world) => {
    world.gateway(0).keepState();
  },
  'put the copy back': async (world) => {
    await world.gateway(0).stop();
    world.gateway(0).loseState('restored');
    await world.gateway(0).start();
  },
  "lose the gateway's state": async (world) => {
    await world.gateway(0).stop();
    world.gateway(0).loseState('deleted');
    await world.gateway(0).start();
  },
};

const SHARED: Readonly<Record<string, Step>> = {
  ...COMMON,
  "lose Redis' data": (world) => world.redis?.lose(),
  'let the replica follow': (world) => world.redis?.replicate(),
  'fail over': (world) => world.redis?.failOver(),
  'fail back': (world) => world.redis?.failBack(),
  "take a snapshot of Redis' machine": (world) => world.redis?.photograph(),
  'restore that': (world) => world.restoreRedis(),
};

/** What was found: how many orders there are, how many packets were taken in them, and the first that took one twice. */
export interface Found {
  readonly orders: number;
  readonly taken: number;
  readonly twice: readonly string[] | undefined;
}

/** Tells every story of up to `depth` steps, but for those with a step that changes nothing. */
export async function tellEvery(depth: number, servers?: ModelServers['servers']): Promise<Found> {
  const steps = Object.entries(servers === undefined ? EMBEDDED : SHARED);
  let open: (readonly string[])[] = [[]];
  let [orders, taken] = [0, 0];
  for (let length = 1; length <= depth; length++) {
    const longer: (readonly string[])[] = [];
    for (const before of open) {
      for (const [name] of steps) {
        const order = [...before, name];
        const { changed, twice, count } = await tell(order, Object.fromEntries(steps), servers);
        if (twice) return { orders, taken, twice: order };
        orders += 1;
        taken += count;
        if (changed) longer.push(order);
      }
    }
    open = longer;
  }
  return { orders, taken, twice: undefined };
}

async function tell(
  order: readonly string[],
  steps: Readonly<Record<string, Step>>,
  servers: ModelServers['servers'] | undefined,
): Promise<{ changed: boolean; twice: boolean; count: number }> {
  const world = await World.begin(servers);
  try {
    world.now += 1;
    let last: unknown;
    for (const name of order) last = await steps[name]?.(world);
    await epilogue(world);
    return {
      changed: last !== NOTHING,
      twice: world.network.twice().length > 0,
      count: world.network.count,
    };
  } finally {
    await world.end();
  }
}

/** Everything that was captured comes again, also after the collector went on and the gateway was killed. */
async function epilogue(world: World): Promise<void> {
  for (let round = 0; round < 3; round++) {
    for (let back = world.network.wire.length - 1; back >= 0; back--) {
      await world.replay(back, world.gateway(0));
    }
    await world.network.drain(world.gateway(0));
    if (round === 0) await send(world, {});
    if (round === 1) {
      await world.gateway(0).crash();
      await world.gateway(0).start();
    }
  }
}

async function send(world: World, how: Parameters<World['send']>[2]): Promise<void> {
  await world.send(world.collector(0), world.gateway(0), how);
}

async function replay(world: World, back: number): Promise<unknown> {
  const before = world.network.count;
  if (back < world.network.wire.length) await world.replay(back, world.gateway(0));
  return world.network.count > before ? undefined : NOTHING;
}

async function serve(world: World): Promise<unknown> {
  const before = world.network.served.size;
  await world.network.drain(world.gateway(0));
  return world.network.served.size > before ? undefined : NOTHING;
}

function pause(world: World, ms: number): void {
  world.now += ms;
}
