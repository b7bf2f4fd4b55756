/** Appliance (simulated), collector and gateway, started as deploy/ starts them, each on its machine. */
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority } from '../certificates/authority.js';
import { ADDRESS } from './network.js';
import type { Network } from './network.js';

const dist = join(import.meta.dirname, '../..');
const GATEWAY_URL = `https://${ADDRESS.gateway}:7764`;

export class Product {
  readonly #apiKey = randomBytes(32).toString('hex');
  readonly #hmacKey = randomBytes(32).toString('hex');
  readonly #started = new Map<string, ChildProcess>();

  /** @param folder for keys, state and logs. */
  constructor(
    private readonly network: Network,
    private readonly folder: string,
  ) {}

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
      ...['--cert', this.#path('appliance.pem'), '--key', this.#path('appliance.key')],
    ]);
    this.#start('gateway', 'apps/gateway/src/main.js', {
      QRNG_LISTEN_ADDRESS: `${ADDRESS.gateway}:7764`,
      QRNG_TLS_CERT_FILE: this.#path('gateway.pem'),
      QRNG_TLS_KEY_FILE: this.#path('gateway.key'),
      QRNG_HMAC_SECRET_KEY: this.#hmacKey,
      QRNG_API_KEY: this.#apiKey,
      QRNG_BUFFER_OVERFLOW_POLICY: 'replace',
      QRNG_BUFFER_SIZE: '262144',
      QRNG_STATE_DIR: this.#path('gateway-state'),
    });
    this.#start('collector', 'apps/collector/src/main.js', {
      QRNG_APPLIANCE_URLS: `https://${ADDRESS.appliance}/api/2.0/streambytes`,
      QRNG_APPLIANCE_CA_FILE: this.#path('ca.pem'),
      QRNG_PUSH_URL: `${GATEWAY_URL}/push`,
      QRNG_PUSH_CA_FILE: this.#path('ca.pem'),
      QRNG_HMAC_SECRET_KEY: this.#hmacKey,
      QRNG_STATE_DIR: this.#path('collector-state'),
    });
    await this.#untilReady();
  }

  /** What an API client elsewhere gets, as `STATUS BODY`; status 0 when nothing came back. */
  get(path: string): string {
    const url = GATEWAY_URL + path;
    const script = join(dist, 'tools/diode/fetch.js');
    return this.network.elsewhere.run(process.execPath, script, url, this.#path('ca.pem'), this.#apiKey);
  }

  /** Bytes of entropy that the gateway has taken from the collector so far. */
  received(): number {
    return Number(/^qrng_entropy_received_bytes_total (\d+)$/m.exec(this.get('/metrics'))?.[1]);
  }

  /** Sends a signal to the collector. */
  signalCollector(signal: NodeJS.Signals): void {
    this.#started.get('collector')?.kill(signal);
  }

  isRunning(name: string): boolean {
    const child = this.#started.get(name);
    return child?.exitCode === null && child.signalCode === null;
  }

  async #untilReady(): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (!this.get('/health/ready').startsWith('200 ')) {
      const dead = [...this.#started.keys()].find((name) => !this.isRunning(name));
      if (dead !== undefined) throw new Error(`the ${dead} ended`);
      if (Date.now() > deadline) throw new Error('the gateway was not ready within a minute');
      await new Promise((wake) => setTimeout(wake, 200));
    }
  }

  #start(
    name: 'appliance' | 'collector' | 'gateway',
    module: string,
    env: Record<string, string>,
    args: string[] = [],
  ): void {
    const machine = this.network[name];
    const child = machine.start(
      ['--disable-sigusr1', join(dist, module), ...args],
      env,
      this.#path(`${name}.log`),
    );
    this.#started.set(name, child);
  }

  #path(name: string): string {
    return join(this.folder, name);
  }

  #save(name: string, text: string): void {
    writeFileSync(this.#path(name), text, { mode: 0o600 });
  }
}
