/** An appliance, a collector and a gateway as three processes, and what flows from the one to the other. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { startGateway } from './gateway.js';
import { freePort } from '../scripts/demo/free-port.js';
import { Server } from './server.js';
import type { Setup } from './setup.js';
import type { Line } from './table.js';

export const MB = 1e6;
const FLOWS_WITHIN_MS = 20_000;

/** Packets as large as they come: this is about volume. */
const COLLECTOR_SETTINGS = {
  QRNG_FETCH_CHUNK_SIZE: '1048576',
  QRNG_FETCH_INTERVAL_MS: '0',
  QRNG_BUFFER_SIZE: '8388608',
  QRNG_PUSH_MAX_BYTES: '1048576',
};

/** What flowed while something went on, and what that gave. */
export interface Measured<T> {
  readonly result: T;
  /** Bytes into the pool per second. */
  readonly rate: number;
  readonly bytes: number;
  /** Processor time in milliseconds of the processes, in the order of `Pipeline.processes`. */
  readonly cpuMs: readonly number[];
}

/** The three processes, and what flows through them. */
export class Pipeline {
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
  received(): Promise<number> {
    return this.metric('qrng_entropy_received_bytes_total');
  }

  /** The value of a metric of the gateway, by its name and labels; 0 when there is none yet. */
  async metric(series: string): Promise<number> {
    const { body } = await request(`${this.gateway.url}/metrics`, { dispatcher: this.#agent });
    const lines = (await body.text()).split('\n');
    return Number(lines.find((line) => line.startsWith(`${series} `))?.slice(series.length + 1) ?? 0);
  }

  async stop(): Promise<void> {
    await this.#agent.close();
    for (const server of this.processes) await server.stop();
  }
}

/** Another way of the packets than https. */
export interface OneWay {
  /** QRNG_RECEIVE and QRNG_PUSH_URL. */
  readonly url: string;
  /** Settings of the collector. */
  readonly env: Readonly<Record<string, string>>;
}

/** Has `work` done once bytes flow; an appliance gives `bytesPerSecond` at most. */
export async function withPipeline<T>(
  setup: Setup,
  bytesPerSecond: number,
  work: (pipeline: Pipeline) => Promise<T>,
  oneWay?: OneWay,
): Promise<T> {
  const gateway = await startGateway(setup, {
    tls: true,
    env: {
      QRNG_BUFFER_OVERFLOW_POLICY: 'replace',
      ...(oneWay === undefined ? {} : { QRNG_RECEIVE: oneWay.url }),
    },
  });
  const simulator = await startSimulator(setup, bytesPerSecond);
  const collector = await startCollector(setup, simulator, gateway, oneWay);
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

/** The simulated appliance, in a process of its own. */
export async function startSimulator(setup: Setup, bytesPerSecond: number): Promise<Server> {
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

function startCollector(setup: Setup, simulator: Server, gateway: Server, oneWay?: OneWay): Promise<Server> {
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
      ...(oneWay === undefined ? {} : { QRNG_PUSH_URL: oneWay.url, ...oneWay.env }),
    },
  });
}
