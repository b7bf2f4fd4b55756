/** The whole way, appliance -> collector -> gateway, as three processes: at full speed, and at 30 MB/s beside clients. */
import { setTimeout as sleep } from 'node:timers/promises';
import { getRequest, runBuiltIn } from './load/built-in.js';
import type { LoadResult } from './load/built-in.js';
import { MB, withPipeline } from './pipeline-processes.js';
import type { Measured } from './pipeline-processes.js';
import { median } from './rounds.js';
import type { Server } from './server.js';
import type { Setup } from './setup.js';
import type { Report, Row } from './table.js';

const TARGET_RATE = 30 * MB;
/** The simulated appliance gives nothing while the collector tests what it gave, so it is faster while it gives. */
const SOURCE_RATE = 1.7 * TARGET_RATE;
const CLIENT_RATE = 1000;

export const pipelineRows: Row[] = [
  { name: 'pipeline, full speed', run: runFullSpeed },
  { name: 'pipeline, 30 MB/s beside clients', run: runBesideClients },
];

async function runFullSpeed(setup: Setup): Promise<Report> {
  return withPipeline(setup, Infinity, async (pipeline) => {
    const measured = await pipeline.measure(() => sleep(setup.flowSeconds * 1000));
    return { lines: pipeline.lines('pipeline, full speed', measured), targets: [] };
  });
}

async function runBesideClients(setup: Setup): Promise<Report> {
  return withPipeline(setup, SOURCE_RATE, async (pipeline) => {
    const measured = await medianRun(setup, () => pipeline.measure(() => clients(setup, pipeline.gateway)));
    const { p50Ms, p99Ms } = measured.result;
    const row = 'pipeline, 30 MB/s beside clients';
    return {
      lines: [
        ...pipeline.lines(row, measured),
        { row, candidate: `clients, ${CLIENT_RATE} requests/s`, p50Ms, p99Ms },
      ],
      targets: [
        { what: `${row}: MB/s`, bound: 'at least', wanted: 30, measured: measured.rate / MB },
        { what: `${row}: clients' p99, ms`, bound: 'at most', wanted: 10, measured: p99Ms },
      ],
    };
  });
}

/**
 * Of as many runs as there are rounds, the one whose clients waited neither longest nor least.
 *
 * @throws {Error} when an answer is not right.
 */
async function medianRun(
  { rounds }: Setup,
  run: () => Promise<Measured<LoadResult>>,
): Promise<Measured<LoadResult>> {
  const runs: Measured<LoadResult>[] = [];
  do {
    const measured = await run();
    const { wrong } = measured.result;
    if (wrong.length > 0) throw new Error(`wrong answers beside the pipeline: ${wrong.join('; ')}`);
    runs.push(measured);
  } while (runs.length < rounds);
  const p99 = median(runs.map(({ result }) => result.p99Ms));
  const found = runs.find(({ result }) => result.p99Ms === p99);
  if (found === undefined) throw new Error('the clients were not answered');
  return found;
}

function clients(setup: Setup, { port, ca }: Server): Promise<LoadResult> {
  const get = getRequest('/api/random?bytes=1024', setup.keys(1)[0] ?? '');
  return runBuiltIn({
    port,
    ca,
    connections: 32,
    seconds: setup.flowSeconds,
    rate: CLIENT_RATE,
    next: () => get,
    isRight: ({ status, bodyBytes }) => status === 200 && bodyBytes === 2048,
  });
}
