/** `--against DIR`: this gateway beside the predecessor's, both without TLS, which that one does not speak. */
import { Feed, fill } from './feed.js';
import { startGateway } from './gateway.js';
import { PredecessorFeed, startPredecessor } from './predecessor.js';
import { pushContender } from './pushes.js';
import { measureRequests } from './requests.js';
import type { Requests } from './requests.js';
import { interleave } from './rounds.js';
import type { Server } from './server.js';
import type { Setup } from './setup.js';
import type { Line, Report, Row } from './table.js';

const MIB = 2 ** 20;
/** What the predecessor answers to a packet that it takes. */
const TAKEN = 200;

/** How a pool is set up, under the same names in both. */
interface Pool {
  readonly poolBytes: number;
  readonly policy: 'discard' | 'replace';
}

const POOL: Pool = { poolBytes: 10 * MIB, policy: 'replace' };

interface Draw {
  readonly name: string;
  readonly path: string;
  readonly bodyBytes?: number;
  readonly connections?: number;
  readonly poolMiB?: number;
}

const DRAWS: readonly Draw[] = [
  { name: '32 B hex', path: '/api/random?bytes=32&encoding=hex', bodyBytes: 64 },
  { name: '1 KiB hex', path: '/api/random?bytes=1024&encoding=hex', bodyBytes: 2048 },
  { name: '1 KiB binary', path: '/api/random?bytes=1024&encoding=binary', bodyBytes: 1024 },
  { name: '1000 integers', path: '/api/integers?count=1000&min=0&max=100' },
  {
    name: '64 KiB binary',
    path: '/api/random?bytes=65536&encoding=binary',
    bodyBytes: 65_536,
    poolMiB: 1536,
  },
  { name: '64 KiB hex', path: '/api/random?bytes=65536&encoding=hex', bodyBytes: 131_072, poolMiB: 512 },
  ...[10, 1000].map((connections) => ({
    name: `1 KiB hex, ${connections} connections`,
    path: '/api/random?bytes=1024&encoding=hex',
    bodyBytes: 2048,
    connections,
  })),
];

const PUSHES = [
  { name: 'push 8 KiB, one collector', bytes: 8192, packets: 4000, connections: 1 },
  { name: 'push 64 KiB, four collectors', bytes: 65_536, packets: 500, connections: 4 },
];

/** Rows of `directory`/qrng-gateway and of this gateway; ratios are to the former. */
export function againstRows(directory: string): Row[] {
  const row = (name: string, run: (setup: Setup, name: string) => Promise<Report>): Row => ({
    name: `against: ${name}`,
    run: (setup) => run(setup, `against: ${name}`),
  });
  return [
    ...DRAWS.map((draw) => row(draw.name, (setup, name) => runDraw(setup, directory, name, draw))),
    ...PUSHES.map((push) => row(push.name, (setup, name) => runPushes(setup, directory, name, push))),
    row('memory at rest', (setup, name) => runMemory(setup, directory, name)),
  ];
}

async function runDraw(
  setup: Setup,
  directory: string,
  row: string,
  { path, bodyBytes, connections = 100, poolMiB = 96 }: Draw,
): Promise<Report> {
  const requests: Requests = {
    path,
    connections,
    isRight: (answer) => answer.status === 200 && (bodyBytes ?? answer.bodyBytes) === answer.bodyBytes,
  };
  const [theirFeed, ourFeed] = [new PredecessorFeed(setup.hmacKey), new Feed('bench', setup.hmacKey)];
  const poolBytes = (setup.quick ? 16 : poolMiB) * MIB;
  return beside(setup, directory, { poolBytes, policy: 'discard' }, ([theirs, ours]) => {
    const contender = (server: Server, refill: () => Promise<void>) => ({
      name: server.name,
      measure: async () => {
        await refill();
        return measureRequests(setup, server, requests);
      },
    });
    const contenders = [
      contender(theirs, () => fill(theirs, theirFeed, TAKEN)),
      contender(ours, () => ourFeed.fill(ours)),
    ];
    return interleave(row, 'requests', contenders, setup.rounds);
  });
}

async function runPushes(
  setup: Setup,
  directory: string,
  row: string,
  push: (typeof PUSHES)[number],
): Promise<Report> {
  return beside(setup, directory, POOL, ([theirs, ours]) => {
    const feedOf = (): PredecessorFeed => new PredecessorFeed(setup.hmacKey);
    const contenders = [
      pushContender(setup, theirs, { ...push, taken: TAKEN, feedOf }),
      pushContender(setup, ours, push),
    ];
    return interleave(row, 'MiB', contenders, setup.rounds);
  });
}

async function runMemory(setup: Setup, directory: string, row: string): Promise<Report> {
  return beside(setup, directory, POOL, (servers) => {
    const lines = servers.map((server): Line => {
      const rate = server.residentBytes() / MIB;
      return {
        row,
        candidate: server.name,
        rate,
        unit: 'MiB, resident',
        ratio: rate / (servers[0].residentBytes() / MIB),
      };
    });
    return Promise.resolve(lines);
  });
}

/** Both servers, for as long as they are measured. */
async function beside(
  setup: Setup,
  directory: string,
  { poolBytes, policy }: Pool,
  measure: (servers: readonly [Server, Server]) => Promise<Line[]>,
): Promise<Report> {
  const env = { QRNG_BUFFER_SIZE: String(poolBytes), QRNG_BUFFER_OVERFLOW_POLICY: policy };
  const theirs = await startPredecessor(setup, directory, env);
  try {
    const ours = await startGateway(setup, { tls: false, env });
    try {
      return { lines: await measure([theirs, ours]), targets: [] };
    } finally {
      await ours.stop();
    }
  } finally {
    await theirs.stop();
  }
}
