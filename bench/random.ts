/** `GET /api/random` beside servers that do less, and beside one written by hand that does the same. */
import { Feed } from './feed.js';
import { startGateway } from './gateway.js';
import { getRequest, runBuiltIn } from './load/built-in.js';
import { measureRequests } from './requests.js';
import { interleave } from './rounds.js';
import { freePort } from '../scripts/demo/free-port.js';
import { Server } from './server.js';
import type { Setup } from './setup.js';
import type { Line, Report, Row, Target } from './table.js';

const SIZES = [
  { bytes: 32, size: '32 B', poolMiB: 16 },
  { bytes: 1024, size: '1 KiB', poolMiB: 96 },
  { bytes: 65_536, size: '64 KiB', poolMiB: 1536 },
];

/** The gateway without lockstep. */
const ALONE = { name: 'gateway, not in lockstep', module: 'bench/candidates/gateway-alone.js' };

/** A server, and how its pool is filled before each measurement. */
interface Candidate {
  readonly server: Server;
  readonly fill: () => Promise<unknown>;
}

/** A row for each size and encoding; every candidate in it is one process, all are measured in turns. */
export const randomRows: Row[] = SIZES.flatMap(({ bytes, size, poolMiB }) =>
  (['hex', 'binary'] as const).map((encoding) => {
    const name = `random ${size} ${encoding}`;
    return { name, run: (setup) => runRow(setup, { name, bytes, encoding, poolBytes: poolMiB * 2 ** 20 }) };
  }),
);

interface RandomRow {
  readonly name: string;
  readonly bytes: number;
  readonly encoding: 'hex' | 'binary';
  readonly poolBytes: number;
}

async function runRow(setup: Setup, row: RandomRow): Promise<Report> {
  const poolBytes = setup.quick ? 2 ** 24 : row.poolBytes;
  const constant = ['--constant', `${row.bytes},${row.encoding}`];
  const candidates = await Promise.all([
    startCandidate(setup, 'bare Fastify, a constant', 'bare-fastify', { poolBytes: 1, args: constant }),
    startCandidate(setup, 'bare node:http', 'bare-http', { poolBytes }),
    startCandidate(setup, 'bare Fastify', 'bare-fastify', { poolBytes }),
    startCandidate(setup, 'Fastify by hand', 'hand-written', { poolBytes }),
    startCandidate(setup, 'Fastify by hand, in lockstep', 'hand-written', {
      poolBytes,
      args: ['--lockstep'],
    }),
    startFedGateway(setup, false, poolBytes),
    startCandidate(setup, 'bare Fastify, a constant, TLS', 'bare-fastify', {
      poolBytes: 1,
      args: constant,
      tls: true,
    }),
    startCandidate(setup, 'Fastify by hand, TLS', 'hand-written', { poolBytes, tls: true }),
    startFedGateway(setup, true, poolBytes),
    ...(row.name === 'random 1 KiB hex' ? [startFedGateway(setup, false, poolBytes, ALONE)] : []),
  ]);
  const path = `/api/random?bytes=${row.bytes}&encoding=${row.encoding}`;
  const bodyBytes = row.encoding === 'hex' ? 2 * row.bytes : row.bytes;
  const contenders = candidates.map(({ server, fill }) => ({
    name: server.name,
    measure: async () => {
      await fill();
      return measureRequests(setup, server, {
        path,
        isRight: (answer) => answer.status === 200 && answer.bodyBytes === bodyBytes,
      });
    },
  }));
  try {
    const lines = await interleave(row.name, 'requests', contenders, setup.rounds);
    return { lines, targets: row.name === 'random 1 KiB hex' ? targets(lines) : [] };
  } finally {
    await Promise.all(candidates.map(({ server }) => server.stop()));
  }
}

async function startCandidate(
  setup: Setup,
  name: string,
  module: string,
  { poolBytes, args = [], tls = false }: { poolBytes: number; args?: string[]; tls?: boolean },
): Promise<Candidate> {
  const port = await freePort();
  const certificate = ['--cert', setup.path('server.pem'), '--key', setup.path('server.key')];
  const server = await Server.start(setup, {
    name,
    module: `bench/candidates/${module}.js`,
    port,
    ca: tls ? setup.ca : undefined,
    args: [
      ...['--port', String(port), '--pool-bytes', String(poolBytes), '--keys-file', setup.keysFile(1)],
      ...(tls ? certificate : []),
      ...args,
    ],
  });
  const request = getRequest('/fill', '-');
  return { server, fill: () => once(server, request) };
}

async function startFedGateway(
  setup: Setup,
  tls: boolean,
  poolBytes: number,
  other: { name?: string; module?: string } = {},
): Promise<Candidate> {
  const server = await startGateway(setup, { tls, poolBytes, ...other });
  const feed = new Feed('bench', setup.hmacKey);
  return { server, fill: () => feed.fill(server) };
}

/** Sends one request, which must be answered with 204. */
function once({ port, ca }: Server, request: readonly Uint8Array[]): Promise<unknown> {
  let left = 1;
  const next = (): readonly Uint8Array[] | undefined => (left-- > 0 ? request : undefined);
  return runBuiltIn({ port, ca, connections: 1, next, isRight: ({ status }) => status === 204 });
}

function targets(lines: readonly Line[]): Target[] {
  const rate = (name: string): number =>
    lines.find(({ candidate }) => candidate === name)?.rate ?? Number.NaN;
  const gateway = rate('gateway');
  const ratio = (what: string, wanted: number, measured: number): Target => ({
    what: `random 1 KiB hex: ${what}`,
    bound: 'at least',
    wanted,
    measured,
  });
  return [
    ratio('gateway / bare Fastify, a constant', 0.5, gateway / rate('bare Fastify, a constant')),
    ratio('gateway / Fastify by hand', 1, gateway / rate('Fastify by hand')),
    ratio('gateway, TLS / gateway', 0.75, rate('gateway, TLS') / gateway),
  ];
}
