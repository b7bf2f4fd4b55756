/** The load generator of this project: it checks every answer, can push packets, and can keep a given rate. */
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from './connection.js';
import type { Answer, Endpoint } from './connection.js';

export interface Load extends Endpoint {
  readonly connections: number;
  /** The next request of this connection, as its chunks; nothing ends the connection's load. */
  readonly next: (connection: number) => readonly Uint8Array[] | undefined;
  readonly isRight: (answer: Answer) => boolean;
  /** How long to go on; until `next` has no more, when not given. */
  readonly seconds?: number;
  /** Requests per second over all connections; as fast as the server answers, when not given. */
  readonly rate?: number;
}

/** What a run of load found. Latencies in milliseconds; `wrong` has the first few answers that were not right. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly wrong: readonly string[];
}

/** Runs the load; with `rate` a request that finds all connections busy counts from when it was due. */
export async function runBuiltIn(load: Load): Promise<LoadResult> {
  const connections = await Promise.all(
    Array.from({ length: load.connections }, () => Connection.open(load)),
  );
  const run = new Run(load);
  try {
    await Promise.all(connections.map((connection, index) => run.drive(connection, index)));
  } finally {
    for (const connection of connections) connection.close();
  }
  return run.result();
}

class Run {
  readonly #load: Load;
  readonly #latencies = createHistogram();
  readonly #wrong: string[] = [];
  readonly #start = performance.now();
  readonly #end: number;
  #scheduled = 0;

  constructor(load: Load) {
    this.#load = load;
    this.#end = this.#start + (load.seconds ?? Infinity) * 1000;
  }

  /** One connection's loop: wait until a request is due, send it, check the answer. */
  async drive(connection: Connection, index: number): Promise<void> {
    for (;;) {
      const due = this.#nextDue();
      if (due >= this.#end) return;
      const early = due - performance.now();
      if (early > 0) await sleep(early);
      const from = early > 0 ? performance.now() : due; // a timer's own inaccuracy is not the server's
      const request = this.#load.next(index);
      if (request === undefined) return;
      const answer = await connection.exchange(request);
      this.#latencies.record(Math.max(1, Math.round((performance.now() - from) * 1e6)));
      if (!this.#load.isRight(answer) && this.#wrong.length < 5) {
        this.#wrong.push(`status ${answer.status}, ${answer.bodyBytes} bytes`);
      }
    }
  }

  result(): LoadResult {
    return {
      requests: this.#latencies.count,
      seconds: (performance.now() - this.#start) / 1000,
      p50Ms: this.#latencies.percentile(50) / 1e6,
      p99Ms: this.#latencies.percentile(99) / 1e6,
      wrong: this.#wrong,
    };
  }

  #nextDue(): number {
    const { rate } = this.#load;
    return rate === undefined ? performance.now() : this.#start + (1000 * this.#scheduled++) / rate;
  }
}

/** The chunks of a GET request. */
export function getRequest(path: string, apiKey: string): readonly Uint8Array[] {
  return [
    Buffer.from(
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${apiKey}\r\n\r\n`,
      'latin1',
    ),
  ];
}

/** The chunks of a push of this packet. */
export function pushRequest(packet: Uint8Array): readonly Uint8Array[] {
  const head =
    'POST /push HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n' +
    `Content-Length: ${packet.length}\r\n\r\n`;
  return [Buffer.from(head, 'latin1'), packet];
}
