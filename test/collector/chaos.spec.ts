/**
 * A real appliance simulator, collector and gateway over a network that loses connections and answers, with a pool that is
 * full now and then, and restarts of either side: every byte that was accepted was fetched once and accepted once.
 */
import { randomInt } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ChaosProxy } from '../support/chaos-proxy.js';
import { CollectorProcess, collectorEnvironment } from '../support/collector.js';
import type { LogLine } from '../support/collector.js';
import { freePort } from '../support/free-port.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { startAppliance } from '../support/scene.js';
import type { Appliance } from '../support/scene.js';
import { until } from '../support/until.js';

/** How long the first test makes trouble at least; give it minutes by hand, `npm test` gives it what CI can bear. */
const SECONDS = Number(process.env['QRNG_TEST_CHAOS_SECONDS'] ?? 0);

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Appliance -> collector -> proxy -> gateway -> client, of which collector and gateway can be restarted. */
class Chain {
  collector!: CollectorProcess;
  /** What the client got, in the order it got it. */
  readonly served: Buffer[] = [];
  /** The byte counts of every collector that could tell them. */
  readonly balances: LogLine[] = [];
  /** How often the pool was full when a packet came, in the gateways that have ended. */
  #fullBefore = 0;
  #draining = Promise.resolve();

  private constructor(
    readonly appliance: Appliance,
    public gateway: GatewayProcess,
    readonly proxy: ChaosProxy,
    readonly env: Record<string, string | undefined>,
  ) {}

  static async start(): Promise<Chain> {
    const appliance = await startAppliance({});
    const gateway = await GatewayProcess.start({
      QRNG_LISTEN_ADDRESS: `127.0.0.1:${await freePort()}`,
      QRNG_BUFFER_SIZE: '300000',
      QRNG_RATE_LIMIT_MAX: '10000000',
      QRNG_RATE_LIMIT_BURST: '1000000',
    });
    const proxy = await ChaosProxy.start(Number(new URL(gateway.url).port));
    const env = await collectorEnvironment({
      QRNG_APPLIANCE_URLS: appliance.simulator.url,
      QRNG_FETCH_INTERVAL_MS: '5',
      QRNG_PUSH_URL: `https://localhost:${proxy.port}/push`,
      QRNG_PUSH_MAX_BYTES: '30000',
      QRNG_HEARTBEAT_INTERVAL_MS: '200',
      QRNG_HMAC_SECRET_KEY: gateway.env['QRNG_HMAC_SECRET_KEY'],
    });
    const chain = new Chain(appliance, gateway, proxy, env);
    closing.push(() => Promise.all([appliance.simulator.close(), proxy.close(), chain.gateway.close()]));
    closing.push(() => chain.collector.kill());
    chain.startCollector();
    return chain;
  }

  startCollector(): void {
    this.collector = new CollectorProcess(this.env);
  }

  async restartCollector(gracefully: boolean): Promise<void> {
    if (gracefully) this.balances.push(await this.collector.stop());
    else await this.collector.kill();
    this.startCollector();
  }

  async restartGateway(gracefully: boolean): Promise<void> {
    if (gracefully) {
      this.gateway.run.child.kill('SIGTERM');
      await this.gateway.run.ended;
    }
    this.#fullBefore = this.full;
    await this.gateway.close();
    this.gateway = await GatewayProcess.start(this.gateway.env);
  }

  /** Takes everything that is in the pool now; one after the other, so that the order of the bytes is known. */
  drain(): Promise<void> {
    this.#draining = this.#draining.catch(() => undefined).then(() => this.#drain());
    return this.#draining;
  }

  async #drain(): Promise<void> {
    for (;;) {
      const bytes = Math.min(65_536, (await this.gateway.metric('qrng_pool_bytes')) ?? 0);
      if (bytes === 0) return;
      const { status, body } = await this.gateway.get(`/api/random?bytes=${bytes}&encoding=binary`);
      if (status !== 200) throw new Error(`the API answered ${status}`);
      this.served.push(body);
    }
  }

  /** How often the pool was full when a packet came. */
  get full(): number {
    const refusals = this.gateway.run.log.filter(({ route, status }) => route === '/push' && status === 507);
    return this.#fullBefore + refusals.length;
  }

  /** Ends the collector, which flushes, and takes what it brought. */
  async finish(): Promise<Buffer> {
    this.proxy.wild = false;
    const draining = setInterval(() => void this.drain().catch(() => undefined), 50); // room for the flush
    this.balances.push(await this.collector.stop());
    clearInterval(draining);
    await this.drain();
    return Buffer.concat(this.served);
  }
}

describe('over minutes of lost connections, lost answers and a full pool', () => {
  test(
    'the gateway serves exactly what the appliance gave, byte for byte, and the counts balance',
    async () => {
      const chain = await Chain.start();
      const end = performance.now() + SECONDS * 1000;
      let full = 0;
      await until(
        '60 lost connections, of which answers, a full pool and 5 MB',
        async () => {
          await new Promise((wake) => setTimeout(wake, randomInt(400)));
          // At first nothing is taken before the pool was full, however slowly it fills.
          if (chain.full > Math.min(full, 10)) await chain.drain();
          full = chain.full;
          const { lostAnswers, cutRequests } = chain.proxy;
          const bytes = chain.served.reduce((sum, { length }) => sum + length, 0);
          const isEnough = lostAnswers > 10 && lostAnswers + cutRequests >= 60 && bytes > 5_000_000;
          return isEnough && full > 10 && performance.now() > end;
        },
        { ms: 200_000 + SECONDS * 1000, describe: () => chain.collector.output },
      );
      const served = await chain.finish();
      const [balance] = chain.balances;
      expect(balance).toMatchObject({ code: 0, unaccounted: 0, dropped: {}, delivered: served.length });
      expect(await chain.gateway.metric('qrng_entropy_received_bytes_total')).toBe(served.length);
      expect(missing(served, chain.appliance.given())).toBe(0);
      expect(chain.proxy.lostAnswers).toBeGreaterThan(10);
      expect(chain.full).toBeGreaterThan(10);
    },
    300_000 + SECONDS * 1000,
  );

  test('with restarts of either side, also by kill -9, nothing is served twice or out of order', async () => {
    const chain = await Chain.start();
    const restarts = [
      () => chain.restartGateway(true),
      () => chain.restartCollector(true),
      () => chain.restartGateway(false),
      () => chain.restartCollector(false),
      () => Promise.all([chain.restartGateway(false), chain.restartCollector(false)]),
    ];
    for (const restart of restarts) {
      const before = chain.served.length;
      await until(
        'bytes that were served',
        async () => {
          await new Promise((wake) => setTimeout(wake, randomInt(200)));
          await chain.drain();
          return chain.served.length > before + 5;
        },
        { describe: () => chain.collector.output },
      );
      await restart();
    }
    const served = await chain.finish();
    expect(served.length).toBeGreaterThan(500_000);
    expect(missing(served, chain.appliance.given())).toBe(0);
    for (const { unaccounted, code } of chain.balances) {
      expect({ unaccounted, code }).toEqual({ unaccounted: 0, code: 0 });
    }
    expect(chain.balances).toHaveLength(2);
  }, 300_000);
});

/** How many bytes of `served` are not, in this order and each once, in `given`. */
function missing(served: Buffer, given: Buffer): number {
  const NEEDLE = 16;
  let [lost, at] = [0, 0];
  for (let next = 0; next < served.length;) {
    const found = given.indexOf(served.subarray(next, next + NEEDLE), at);
    if (found < 0) {
      lost++;
      next++;
      continue;
    }
    at = found;
    while (next < served.length && served[next] === given[at]) {
      next++;
      at++;
    }
  }
  return lost;
}
