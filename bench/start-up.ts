/** From the start of the process until the gateway listens, and until it is ready: a collector waits with its first packet. */
import { Feed } from './feed.js';
import { startGateway } from './gateway.js';
import { getRequest, pushRequest } from './load/built-in.js';
import { Connection } from './load/connection.js';
import { median } from './rounds.js';
import type { Setup } from './setup.js';
import type { Report, Row } from './table.js';

const POOL_BYTES = 10_485_760; // the default; ready at 5 % of it, which is less than one packet
const PACKET_BYTES = 2 ** 20;

export const startUpRows: Row[] = [{ name: 'start-up', run }];

async function run(setup: Setup): Promise<Report> {
  const times: { listening: number; ready: number }[] = [];
  for (let round = 0; round <= setup.rounds; round++) times.push(await startOnce(setup));
  const listening = times.map((time) => time.listening);
  const ready = times.map((time) => time.ready);
  const what = 'start-up: until ready, ms';
  return {
    lines: [
      {
        row: 'start-up',
        candidate: 'until it listens',
        p50Ms: median(listening),
        p99Ms: Math.max(...listening),
      },
      { row: 'start-up', candidate: 'until it is ready', p50Ms: median(ready), p99Ms: Math.max(...ready) },
    ],
    targets: [{ what, bound: 'at most', wanted: 1000, measured: median(ready) }],
  };
}

async function startOnce(setup: Setup): Promise<{ listening: number; ready: number }> {
  const start = performance.now();
  const server = await startGateway(setup, { tls: true, poolBytes: POOL_BYTES });
  const listening = performance.now() - start;
  const feed = new Feed('bench', setup.hmacKey);
  const connection = await Connection.open(server);
  try {
    const pushed = await connection.exchange(pushRequest(feed.seal(PACKET_BYTES)));
    const ready = await connection.exchange(getRequest('/health/ready', '-'));
    if (pushed.status !== 204 || ready.status !== 200) {
      throw new Error(
        `${server.name}: ${pushed.status} to the first push, then ${ready.status} to /health/ready`,
      );
    }
    return { listening, ready: performance.now() - start };
  } finally {
    connection.close();
    await server.stop();
  }
}
