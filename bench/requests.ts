/** Measures GET requests: with wrk where it is installed, else and in quick mode with the generator that checks answers. */
import { Feed } from './feed.js';
import { getRequest, runBuiltIn } from './load/built-in.js';
import type { LoadResult } from './load/built-in.js';
import type { Answer } from './load/connection.js';
import { hasWrk, runWrk } from './load/wrk.js';
import type { Contender, Sample } from './rounds.js';
import type { Server } from './server.js';
import type { Setup } from './setup.js';

export interface Requests {
  readonly path: string;
  readonly isRight: (answer: Answer) => boolean;
  readonly connections?: number;
  /** How many API keys take turns. */
  readonly apiKeys?: number;
}

const SECONDS = 1;
const QUICK_REQUESTS = 100;
const wrk = hasWrk();

/** Says which generator measures, for the head of the table. */
export const generator = wrk
  ? 'wrk'
  : 'the built-in generator (wrk is not installed: rates are lower bounds)';

/** The collector of each gateway: its numbers only go up. */
const feeds = new WeakMap<Server, Feed>();

/** A gateway whose pool is filled before each measurement. */
export function fedContender(
  setup: Setup,
  server: Server,
  requests: Requests,
  name = server.name,
): Contender {
  const feed = feeds.get(server) ?? new Feed('bench', setup.hmacKey);
  feeds.set(server, feed);
  const measure = async (): Promise<Sample> => {
    await feed.fill(server);
    return measureRequests(setup, server, requests);
  };
  return { name, measure };
}

/**
 * One second of load on `server`, after a check of its answers.
 *
 * @throws {Error} when an answer is not right: a candidate that misbehaves is not measured.
 */
export async function measureRequests(setup: Setup, server: Server, requests: Requests): Promise<Sample> {
  await checkAnswers(setup, server, requests);
  const cpuBefore = server.cpuMs();
  const result = await load(setup, server, requests);
  const cpuMs = server.cpuMs() - cpuBefore;
  server.clearLog();
  assertRight(server, requests, result);
  return {
    rate: result.requests / result.seconds,
    cpuUs: (1000 * cpuMs) / result.requests,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
  };
}

function load(setup: Setup, server: Server, requests: Requests): Promise<LoadResult> {
  const { path, connections = 32, apiKeys = 1 } = requests;
  if (wrk && !setup.quick) {
    const keysFile = setup.keysFile(apiKeys);
    return runWrk({ url: server.url + path, connections, seconds: SECONDS, keysFile });
  }
  return builtIn(setup, server, requests, setup.quick ? QUICK_REQUESTS : Infinity);
}

async function checkAnswers(setup: Setup, server: Server, requests: Requests): Promise<void> {
  assertRight(server, requests, await builtIn(setup, server, { ...requests, connections: 1 }, 5));
}

function builtIn(
  setup: Setup,
  server: Server,
  { path, isRight, connections = 32, apiKeys = 1 }: Requests,
  count: number,
): Promise<LoadResult> {
  const requests = setup.keys(apiKeys).map((key) => getRequest(path, key));
  let sent = 0;
  const next = (): readonly Uint8Array[] | undefined =>
    sent < count ? requests[sent++ % requests.length] : undefined;
  return runBuiltIn({ port: server.port, ca: server.ca, connections, next, isRight, seconds: SECONDS });
}

function assertRight(server: Server, { path }: Requests, { wrong, requests }: LoadResult): void {
  if (requests === 0) throw new Error(`${server.name}: no answer to ${path}`);
  if (wrong.length > 0) throw new Error(`${server.name}: wrong answers to ${path}: ${wrong.join('; ')}`);
}
