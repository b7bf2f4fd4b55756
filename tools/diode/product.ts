/** Appliance (simulated), collector and gateway, started as deploy/ starts them, each on its machine. */
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority } from '../certificates/authority.js';
import { end } from './machine.js';
import type { Machine } from './machine.js';
import { ADDRESS } from './network.js';

const dist = join(import.meta.dirname, '../..');
const GATEWAY_URL = `https://${ADDRESS.gateway}:7764`;

type Name = 'appliance' | 'collector' | 'gateway';

/** Where each part runs; the client is elsewhere. */
export type Machines = Readonly<Record<Name | 'elsewhere', Machine>>;

/** Settings of collector and gateway beside those that every carrier needs. */
export interface Ways {
  readonly collector: Readonly<Record<string, string>>;
  readonly gateway: Readonly<Record<string, string>>;
}

export class Product {
  readonly #apiKey = randomBytes(32).toString('hex');
  readonly #hmacKey = randomBytes(32).toString('hex');
  readonly #started = new Map<Name, ChildProcess>();

  /**
   * @param folder for keys, state and logs.
   * @param ways without them packets go over https.
   */
  constructor(
    private readonly machines: Machines,
    readonly folder: string,
    private readonly ways?: Ways,
  ) {}

  /** Starts all three, and waits until the gateway is ready. */
  async start(): Promise<void> {
    const authority = await createAuthority('QRNG-DD diode proof (throw-away)');
    this.#save('ca.pem', authority.certificatePem);
    for (const name of ['appliance', 'gateway'] as const) {
      const issued = await authority.issue({ commonName: name, hosts: [ADDRESS[name]] });
      this.#save(`${name}.pem`, issued.certificatePem);
      this.#save(`${name}.key`, issued.keyPem);
    }
    this.#start('appliance', 'libs/quantis/src/simulator/main.js', {}, [
      ...['--host', ADDRESS.appliance, '--port', '443'],
      ...['--cert', this.path('appliance.pem'), '--key', this.path('appliance.key')],
    ]);
    this.startGateway();
    await this.#untilAnswers('/health/live'); // what is sent to nobody is lost on carriers without answers
    this.startCollector();
    await this.#untilAnswers('/health/ready');
  }

  /** Starts the gateway, or starts it again with the state that it had. */
  startGateway(): void {
    this.#start('gateway', 'apps/gateway/src/main.js', {
      QRNG_LISTEN_ADDRESS: `${ADDRESS.gateway}:7764`,
      QRNG_TLS_CERT_FILE: this.path('gateway.pem'),
      QRNG_TLS_KEY_FILE: this.path('gateway.key'),
      QRNG_HMAC_SECRET_KEY: this.#hmacKey,
      QRNG_API_KEY: this.#apiKey,
      QRNG_RATE_LIMIT_MAX: '1000000',
      QRNG_RATE_LIMIT_BURST: '1000000',
      QRNG_STATE_DIR: this.path('gateway-state'),
      ...(this.ways?.gateway ?? { QRNG_BUFFER_OVERFLOW_POLICY: 'replace', QRNG_BUFFER_SIZE: '262144' }),
    });
  }

  /** Starts the collector, or starts it again with the state that it had. */
  startCollector(): void {
    this.#start('collector', 'apps/collector/src/main.js', {
      QRNG_APPLIANCE_URLS: `https://${ADDRESS.appliance}/api/2.0/streambytes`,
      QRNG_APPLIANCE_CA_FILE: this.path('ca.pem'),
      QRNG_HMAC_SECRET_KEY: this.#hmacKey,
      QRNG_STATE_DIR: this.path('collector-state'),
      ...(this.ways?.collector ?? {
        QRNG_PUSH_URL: `${GATEWAY_URL}/push`,
        QRNG_PUSH_CA_FILE: this.path('ca.pem'),
        // So that the answers of a gateway in an attacker's hands can be tried in short time.
        QRNG_MAX_BACKOFF_MS: '200',
        QRNG_PUSH_INTERVAL_MS: '100', // small packets: each segment of a large one may be acknowledged apart
      }),
    });
  }

  /** Ends a part as an operator does, or (`SIGKILL`) as a power cut does. */
  async stop(name: Name, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#started.get(name);
    if (child === undefined) return;
    if (signal === 'SIGKILL') child.kill(signal);
    await end(child);
  }

  async close(): Promise<void> {
    for (const name of ['collector', 'gateway', 'appliance'] as const) await this.stop(name);
  }

  /** What an API client elsewhere gets, as `STATUS BODY`; status 0 when nothing came back. */
  get(path: string): string {
    return this.#run('fetch.js', GATEWAY_URL + path, this.path('ca.pem'), this.#apiKey);
  }

  /** Draws all that the pool gives and returns it. */
  drawAll(): Buffer {
    this.#run('draw.js', GATEWAY_URL, this.path('ca.pem'), this.#apiKey, this.path('drawn'));
    return readFileSync(this.path('drawn'));
  }

  /** The value of a metric, by its line without the number; 0 when there is none yet. */
  metric(series: string): number {
    const line = this.get('/metrics')
      .split('\n')
      .find((text) => text.startsWith(`${series} `));
    return Number(line?.slice(series.length + 1) ?? 0);
  }

  /** How many packets the gateway has counted of each kind, as text. */
  packetCounts(): string {
    return [...this.get('/metrics').matchAll(/^qrng_packets_total.*$/gm)].join();
  }

  /** Bytes of entropy that the gateway has taken from the collector so far. */
  received(): number {
    return this.metric('qrng_entropy_received_bytes_total');
  }

  /** The lines of a part's log. */
  log(name: Name): string[] {
    return readFileSync(this.path(`${name}.log`), 'utf8')
      .trim()
      .split('\n');
  }

  signalCollector(signal: NodeJS.Signals): void {
    this.#started.get('collector')?.kill(signal);
  }

  /** Whether the collector that was started last fetches: all that it does as it starts is done then. */
  collectorFetches(): boolean {
    const id = `"pid":${this.#started.get('collector')?.pid ?? 0},`;
    return this.log('collector').some((line) => line.includes(id) && line.includes('"source-up"'));
  }

  isRunning(name: Name): boolean {
    const child = this.#started.get(name);
    return child?.exitCode === null && child.signalCode === null;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  #run(script: string, ...args: string[]): string {
    return this.machines.elsewhere.run(process.execPath, join(dist, 'tools/diode', script), ...args);
  }

  async #untilAnswers(path: string): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (!this.get(path).startsWith('200 ')) {
      const dead = [...this.#started.keys()].find((name) => !this.isRunning(name));
      if (dead !== undefined) throw new Error(`the ${dead} ended: ${this.log(dead).at(-1) ?? ''}`);
      if (Date.now() > deadline) throw new Error(`${path} of the gateway was not 200 within a minute`);
      await new Promise((wake) => setTimeout(wake, 200));
    }
  }

  #start(name: Name, module: string, env: Record<string, string>, args: string[] = []): void {
    const program = ['--disable-sigusr1', join(dist, module), ...args];
    this.#started.set(name, this.machines[name].start(program, env, this.path(`${name}.log`)));
  }

  #save(name: string, text: string): void {
    writeFileSync(this.path(name), text, { mode: 0o600 });
  }
}
