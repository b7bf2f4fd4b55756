/** What grows and what must not: the cost of a request or a push with many connections, API keys and collectors. */
import { startGateway } from './gateway.js';
import { pushContender } from './pushes.js';
import { fedContender } from './requests.js';
import type { Requests } from './requests.js';
import { interleave } from './rounds.js';
import type { Server } from './server.js';
import type { Setup } from './setup.js';
import type { Line, Report, Row } from './table.js';

const POOL_BYTES = 96 * 2 ** 20;

/** Each of several workers gets only a part of the requests that warm it up. */
const WORKERS_WARM_UP_ROUNDS = 12;

const REQUEST: Requests = {
  path: '/api/random?bytes=1024',
  isRight: ({ status, bodyBytes }) => status === 200 && bodyBytes === 2048,
};

export const scaleRows: Row[] = [
  { name: 'connections', run: runConnections },
  { name: 'workers', run: runWorkers },
  { name: 'API keys', run: runApiKeys },
  { name: 'collectors', run: runCollectors },
];

async function runConnections(setup: Setup): Promise<Report> {
  const server = await startGateway(setup, { tls: false, poolBytes: POOL_BYTES });
  const contenders = [10, 100, 1000].map((connections) =>
    fedContender(setup, server, { ...REQUEST, connections }, `${connections} connections`),
  );
  return report([server], () => interleave('connections', 'requests', contenders, setup.rounds));
}

/** On two cores the load takes a part of them: the rate is a lower bound, the processor time an answer is not. */
async function runWorkers(setup: Setup): Promise<Report> {
  const servers = await Promise.all(
    ['1', '2'].map((workers) =>
      startGateway(setup, {
        name: workers === '1' ? 'one process' : `QRNG_WORKERS=${workers}`,
        tls: false,
        poolBytes: POOL_BYTES,
        env: { QRNG_WORKERS: workers },
      }),
    ),
  );
  const contenders = servers.map((server) => fedContender(setup, server, { ...REQUEST, connections: 100 }));
  return report(servers, () =>
    interleave('workers', 'requests', contenders, setup.rounds, WORKERS_WARM_UP_ROUNDS),
  );
}

async function runApiKeys(setup: Setup): Promise<Report> {
  const counts = [1, 100, 10_000];
  const servers = await Promise.all(
    counts.map((apiKeys) =>
      startGateway(setup, { name: `${apiKeys} API keys`, tls: false, poolBytes: POOL_BYTES, apiKeys }),
    ),
  );
  const contenders = servers.map((server, index) =>
    fedContender(setup, server, { ...REQUEST, apiKeys: counts[index] ?? 1 }),
  );
  return report(servers, () => interleave('API keys', 'requests', contenders, setup.rounds));
}

async function runCollectors(setup: Setup): Promise<Report> {
  const counts = [4, 64, 250];
  const env = { QRNG_BUFFER_OVERFLOW_POLICY: 'replace' };
  const servers = await Promise.all(
    counts.map((count) => startGateway(setup, { name: `${count} collectors`, tls: true, env })),
  );
  const contenders = servers.map((server, index) =>
    pushContender(setup, server, { bytes: 8192, packets: 2500, collectors: counts[index] ?? 1 }),
  );
  return report(servers, () => interleave('collectors', 'MiB', contenders, setup.rounds));
}

async function report(servers: readonly Server[], lines: () => Promise<Line[]>): Promise<Report> {
  try {
    return { lines: await lines(), targets: [] };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}
