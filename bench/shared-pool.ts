/** What it costs that gateways share a pool in Redis, with their limits: one and two of them beside one with its own pool. */
import { Feed } from './feed.js';
import { startGateway } from './gateway.js';
import { startRedis } from './redis.js';
import { measureRequests } from './requests.js';
import { interleave } from './rounds.js';
import type { Contender, Sample } from './rounds.js';
import type { Server } from './server.js';
import type { Setup } from './setup.js';
import type { Report, Row } from './table.js';

const ROW = 'shared pool';
const PATH = '/api/random?bytes=1024';
const CONNECTIONS = 32;
const POOL_BYTES = 96 * 2 ** 20;

export const sharedPoolRows: Row[] = [{ name: ROW, run: runSharedPool }];

async function runSharedPool(setup: Setup): Promise<Report> {
  const redis = await startRedis(setup);
  const start = (name: string, env: Record<string, string>): Promise<Server> =>
    startGateway(setup, { name, tls: false, poolBytes: POOL_BYTES, env });
  const shared = { QRNG_REDIS_URL: redis.url };
  const embedded = await start('embedded pool', {});
  const one = await start('shared pool, first gateway', shared);
  const two = await start('shared pool, second gateway', shared);
  // One collector for each pool: its sequence goes forward in that one only.
  const feeds = [new Feed('embedded', setup.hmacKey), new Feed('shared', setup.hmacKey)] as const;
  try {
    const lines = await interleave(
      ROW,
      'requests',
      [
        contender('embedded pool', setup, [embedded], feeds[0]),
        contender('shared pool, 1 gateway', setup, [one], feeds[1]),
        contender('shared pool, 2 gateways', setup, [one, two], feeds[1]),
      ],
      setup.rounds,
    );
    const ratio = lines[1]?.ratio ?? Number.NaN;
    const what = `${ROW}: 1 gateway / embedded pool`;
    return { lines, targets: [{ what, bound: 'at least', wanted: 0.75, measured: ratio }] };
  } finally {
    await Promise.all([embedded, one, two].map((server) => server.stop()));
    await redis.stop();
  }
}

/** The same load, spread over `servers`. */
function contender(
  name: string,
  setup: Setup,
  servers: readonly [Server, ...Server[]],
  feed: Feed,
): Contender {
  const connections = CONNECTIONS / servers.length;
  return {
    name,
    measure: async () => {
      await feed.fill(servers[0]);
      return together(
        await Promise.all(
          servers.map((server) =>
            measureRequests(setup, server, {
              path: PATH,
              connections,
              isRight: ({ status, bodyBytes }) => status === 200 && bodyBytes === 2048,
            }),
          ),
        ),
      );
    },
  };
}

/** Rates add up; of the rest the worst counts. */
function together(samples: readonly Sample[]): Sample {
  const worst = (of: (sample: Sample) => number): number => Math.max(...samples.map(of));
  return {
    rate: samples.reduce((sum, { rate }) => sum + rate, 0),
    cpuUs: worst(({ cpuUs }) => cpuUs),
    p50Ms: worst(({ p50Ms }) => p50Ms),
    p99Ms: worst(({ p99Ms }) => p99Ms),
  };
}
