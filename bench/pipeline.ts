/** The whole way, appliance -> collector -> gateway, as three processes: at full speed, and at 30 MB/s beside clients. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { startGateway } from './gateway.js';
import { getRequest, runBuiltIn } from './load/built-in.js';
import type { LoadResult } from './load/built-in.js';
import { median } from './rounds.js';
import type { Row } from './row.js';
import { freePort, Server } from './server.js';
import type { Setup } from './setup.js';
import type { Line, Report } from './table.js';

const MB = 1e6;
const TARGET_RATE = 30 * MB;
/** The simulated appliance gives nothing while the collector tests what it gave, so it is faster while it gives. */
const SOURCE_RATE = 1.7 * TARGET_RATE;
const CLIENT_RATE = 1000;
const FLOWS_WITHIN_MS = 20_000;

/** Packets as large as they come: this is about volume. */
const COLLECTOR_SETTINGS = {
  QRNG_FETCH_CHUNK_SIZE: '1048576',
  QRNG_FETCH_INTERVAL_MS: '0',
  QRNG_BUFFER_SIZE: '8388608',
  QRNG_PUSH_MAX_BYTES: '1048576',
};

export const pipelineRows: Row[] = [
  { name: 'pipeline, full speed', run: runFullSpeed },
  { name: 'pipeline, 30 MB/s beside clients', run: runBesideClients },
];

async function runFullSpeed(setup: Setup): Promise<Report> {
  return withPipeline(setup, Infinity, async (pipeline) => {
    const measured = await pipeline.measure(() => sleep(seconds(setup) * 1000));
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

interface Measured<T> {
  readonly result: T;
  /** Bytes into the pool per second. */
  readonly rate: number;
  readonly bytes: number;
  /** Processor time in milliseconds of the processes, in the order of `Pipeline.processes`. */
  readonly cpuMs: readonly number[];
}

class Pipeline {
  readonly #agent: Agent;

  constructor(
    readonly processes: readonly Server[],
    readonly gateway: Server,
  ) {
    this.#agent = new Agent({ connect: { ca: gateway.ca ?? '' } });
  }

  /** What flows while `work` goes on. */
  async measure<T>(work: () => Promise<T>): Promise<Measured<T>> {
    const start = performance.now();
    const [bytesBefore, cpuBefore] = [await this.received(), this.processes.map((server) => server.cpuMs())];
    const result = await work();
    const bytes = (await this.received()) - bytesBefore;
    const rate = (1000 * bytes) / (performance.now() - start);
    const cpuMs = this.processes.map((server, index) => server.cpuMs() - (cpuBefore[index] ?? 0));
    return { result, rate, bytes, cpuMs };
  }

  lines(row: string, { rate, bytes, cpuMs }: Measured<unknown>): Line[] {
    return this.processes.map(({ name: candidate }, index) => ({
      row,
      candidate,
      rate: rate / MB,
      unit: 'MB',
      cpuUs: ((cpuMs[index] ?? 0) * 1000 * MB) / bytes,
    }));
  }

  /** Bytes accepted into the pool so far. */
  async received(): Promise<number> {
    const { body } = await request(`${this.gateway.url}/metrics`, { dispatcher: this.#agent });
    return Number(/^qrng_entropy_received_bytes_total (\d+)$/m.exec(await body.text())?.[1] ?? 0);
  }

  async stop(): Promise<void> {
    await this.#agent.close();
    for (const server of this.processes) await server.stop();
  }
}

async function withPipeline<T>(
  setup: Setup,
  bytesPerSecond: number,
  work: (pipeline: Pipeline) => Promise<T>,
): Promise<T> {
  const gateway = await startGateway(setup, { tls: true, env: { QRNG_BUFFER_OVERFLOW_POLICY: 'replace' } });
  const simulator = await startSimulator(setup, bytesPerSecond);
  const collector = await startCollector(setup, simulator, gateway);
  const pipeline = new Pipeline([simulator, collector, gateway], gateway);
  try {
    const deadline = performance.now() + FLOWS_WITHIN_MS;
    while ((await pipeline.received()) === 0) {
      if (performance.now() > deadline) throw new Error(`nothing flows:\n${collector.log().slice(-2000)}`);
      await sleep(50);
    }
    return await work(pipeline);
  } finally {
    await pipeline.stop();
  }
}

async function startSimulator(setup: Setup, bytesPerSecond: number): Promise<Server> {
  const port = await freePort();
  const certificate = ['--cert', setup.path('server.pem'), '--key', setup.path('server.key')];
  return Server.start(setup, {
    name: 'simulated appliance',
    module: 'libs/quantis/src/simulator/main.js',
    port,
    ca: setup.ca,
    args: ['--port', String(port), '--rate', String(bytesPerSecond), ...certificate],
  });
}

function startCollector(setup: Setup, simulator: Server, gateway: Server): Promise<Server> {
  return Server.start(setup, {
    name: 'collector',
    module: 'apps/collector/src/main.js',
    port: 0,
    env: {
      ...COLLECTOR_SETTINGS,
      QRNG_APPLIANCE_URLS: `https://127.0.0.1:${simulator.port}/api/2.0/streambytes`,
      QRNG_APPLIANCE_CA_FILE: setup.path('ca.pem'),
      QRNG_PUSH_URL: `https://127.0.0.1:${gateway.port}/push`,
      QRNG_PUSH_CA_FILE: setup.path('ca.pem'),
      QRNG_HMAC_SECRET_KEY: setup.hmacKey,
      QRNG_STATE_DIR: setup.path(`collector-${gateway.port}`),
    },
  });
}

function clients(setup: Setup, { port, ca }: Server): Promise<LoadResult> {
  const get = getRequest('/api/random?bytes=1024', setup.keys(1)[0] ?? '');
  return runBuiltIn({
    port,
    ca,
    connections: 32,
    seconds: seconds(setup),
    rate: CLIENT_RATE,
    next: () => get,
    isRight: ({ status, bodyBytes }) => status === 200 && bodyBytes === 2048,
  });
}

function seconds({ quick }: Setup): number {
  return quick ? 1 : 10;
}
