/** Resident memory of a gateway that is pushed to and read from at full speed for a long time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Feed } from './feed.js';
import { startGateway } from './gateway.js';
import { getRequest, pushRequest, runBuiltIn } from './load/built-in.js';
import { median } from './rounds.js';
import type { Setup } from './setup.js';
import type { Server } from './server.js';
import type { Report, Row } from './table.js';

const PACKET_BYTES = 65_536;
const MIB = 2 ** 20;

export const memoryRows: Row[] = [{ name: 'memory', run }];

async function run(setup: Setup): Promise<Report> {
  const server = await startGateway(setup, { tls: true, env: { QRNG_BUFFER_OVERFLOW_POLICY: 'replace' } });
  const seconds = setup.quick ? 2 : setup.longSeconds;
  try {
    const [resident, ...loads] = await Promise.all([
      watch(server, seconds),
      push(setup, server, seconds),
      read(setup, server, seconds),
    ]);
    const wrong = loads.flatMap((load) => load.wrong);
    if (wrong.length > 0) throw new Error(`${server.name}: wrong answers: ${wrong.join('; ')}`);
    const quarter = (n: number): number =>
      median(resident.slice((n * resident.length) / 4, ((n + 1) * resident.length) / 4));
    const what = `memory: the last quarter of ${seconds} s / the second one`;
    return {
      lines: [0, 1, 2, 3].map((n) => ({
        row: 'memory',
        candidate: `quarter ${n + 1} of ${seconds} s, resident MiB`,
        rate: quarter(n) / MIB,
        unit: 'MiB',
        ratio: quarter(n) / quarter(1),
      })),
      targets: [{ what, bound: 'at most', wanted: 1.1, measured: quarter(3) / quarter(1) }],
    };
  } finally {
    await server.stop();
  }
}

/** Resident bytes, sixty times over the run. */
async function watch(server: Server, seconds: number): Promise<number[]> {
  const samples: number[] = [];
  while (samples.length < 60) {
    await sleep((1000 * seconds) / 60);
    samples.push(server.residentBytes());
    server.clearLog();
  }
  return samples;
}

function push(setup: Setup, { port, ca }: Server, seconds: number): ReturnType<typeof runBuiltIn> {
  const feed = new Feed('bench', setup.hmacKey);
  return runBuiltIn({
    port,
    ca,
    seconds,
    connections: 1,
    next: () => pushRequest(feed.seal(PACKET_BYTES)),
    isRight: ({ status }) => status === 204,
  });
}

/** Requests of 1 KiB; until the first packet is in, too little entropy is the right answer. */
function read(setup: Setup, { port, ca }: Server, seconds: number): ReturnType<typeof runBuiltIn> {
  const request = getRequest('/api/random?bytes=1024', setup.keys(1)[0] ?? '');
  return runBuiltIn({
    port,
    ca,
    seconds,
    connections: 8,
    next: () => request,
    isRight: ({ status, bodyBytes }) => status === 503 || (status === 200 && bodyBytes === 2048),
  });
}
