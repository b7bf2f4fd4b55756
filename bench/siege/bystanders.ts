/** A good client and a good collector during a siege: what they ask for, and how it goes. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';

/** A request every so often, each second one on a new connection. */
const EVERY_MS = 50;
const PATIENCE_MS = 5000;

export interface Experience {
  readonly asked: number;
  readonly served: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** What was not served, each kind once. */
  readonly faults: readonly string[];
}

export interface Bystander {
  /** One request through `agent`; why it was not served, or undefined. */
  readonly ask: (agent: Agent) => Promise<string | undefined>;
}

/** @param url of the gateway. */
export function goodClient(url: string, apiKey: string): Bystander {
  return {
    ask: async (dispatcher) => {
      const headers = { authorization: `Bearer ${apiKey}` };
      const { statusCode, body } = await request(`${url}/api/random?bytes=32`, { dispatcher, headers });
      const text = await body.text();
      return statusCode === 200 && /^[0-9a-f]{64}$/.test(text) ? undefined : `${statusCode}`;
    },
  };
}

/** @param seal makes a packet of some bytes. */
export function goodCollector(url: string, seal: (data: Buffer) => Buffer): Bystander {
  return {
    ask: async (dispatcher) => {
      const headers = { 'content-type': 'application/octet-stream' };
      const body = seal(randomBytes(4096));
      const answer = await request(`${url}/push`, { dispatcher, method: 'POST', headers, body });
      await answer.body.dump();
      return answer.statusCode === 204 ? undefined : `${answer.statusCode}`;
    },
  };
}

/** Lets a bystander ask for this time, one request after the other. */
export async function experience(bystander: Bystander, ca: string, seconds: number): Promise<Experience> {
  const kept = new Agent({ connect: { ca }, connections: 1 });
  const times: number[] = [];
  const faults = new Set<string>();
  let asked = 0;
  const until = performance.now() + 1000 * seconds;
  while (performance.now() < until) {
    const agent = asked % 2 === 0 ? kept : new Agent({ connect: { ca }, pipelining: 0 });
    asked += 1;
    const begun = performance.now();
    const fault = await withPatience(bystander.ask(agent)).catch((error: unknown) => String(error));
    if (fault === undefined) times.push(performance.now() - begun);
    else faults.add(fault);
    if (agent !== kept) await agent.destroy();
    await sleep(Math.max(0, EVERY_MS - (performance.now() - begun)));
  }
  await kept.destroy();
  times.sort((a, b) => a - b);
  const at = (part: number): number =>
    times[Math.min(times.length - 1, Math.floor(part * times.length))] ?? NaN;
  return { asked, served: times.length, p50Ms: at(0.5), p99Ms: at(0.99), faults: [...faults] };
}

async function withPatience<T>(answer: Promise<T>): Promise<T> {
  const clock = new AbortController();
  const late = sleep(PATIENCE_MS, undefined, { signal: clock.signal }).then(() => {
    throw new Error(`not within ${PATIENCE_MS} ms`);
  });
  late.catch(() => undefined);
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clock.abort();
  }
}
