/** Two gateways with one pool and a client CA, a collector with a certificate, and a load balancer in front of them. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createAuthority } from '../../tools/certificates/authority.js';
import type { IssuedCertificate } from '../../tools/certificates/authority.js';
import { CollectorProcess, collectorEnvironment } from './collector.js';
import { freePort } from './free-port.js';
import { GatewayProcess } from './gateway-process.js';
import { temporaryFolder, testAuthority } from './gateway.js';
import type { Environment } from './gateway.js';
import { RedisServer } from './redis-server.js';
import { startAppliance } from './scene.js';
import type { Appliance } from './scene.js';
import { until } from './until.js';

const COLLECTORS = createAuthority('QRNG-DD tests, collectors (throw-away)');

export class Balanced {
  readonly folder = temporaryFolder();
  readonly gateways: GatewayProcess[] = [];
  #redis!: RedisServer;
  #appliance!: Appliance;
  #collector: CollectorProcess | undefined;
  #balancer: ChildProcess | undefined;

  private constructor(
    /** Where packets go, and where the API is. */
    readonly pushPort: number,
    readonly apiPort: number,
    readonly ports: readonly number[],
  ) {}

  /** @param separate whether packets come by a port of their own. */
  static async start(separate: boolean): Promise<Balanced> {
    const pushPort = await freePort();
    const apiPort = separate ? await freePort() : pushPort;
    const balanced = new Balanced(pushPort, apiPort, [await freePort(), await freePort()]);
    await balanced.#startGateways();
    return balanced;
  }

  get apiUrl(): string {
    return `https://127.0.0.1:${this.apiPort}`;
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a file, for the load balancer alone to read; its path. */
  write(name: string, content: string): string {
    writeFileSync(this.file(name), content, { mode: 0o600 });
    return this.file(name);
  }

  /** Starts `program` with the file of deploy/ in which `changes` were made; each of them has to be there. */
  async balance(
    program: string,
    path: string,
    args: readonly string[],
    changes: Record<string, string>,
  ): Promise<void> {
    let text = readFileSync(path, 'utf8');
    for (const [from, to] of Object.entries(changes)) {
      if (!text.includes(from)) throw new Error(`${path} has no "${from}"`);
      text = text.replaceAll(from, () => to);
    }
    const balancer = spawn(program, [...args, this.write('balancer.conf', text)], {
      env: { PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#balancer = balancer;
    let output = '';
    for (const stream of [balancer.stdout, balancer.stderr]) {
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    }
    await until(`${program} listens`, () => accepts(this.apiPort), { describe: () => output });
  }

  /** A collector that pushes to this host name, through the load balancer. */
  async collect(host: string): Promise<CollectorProcess> {
    const { certificatePem, keyPem } = await this.clientCertificate();
    const env = await collectorEnvironment({
      QRNG_APPLIANCE_URLS: this.#appliance.simulator.url,
      QRNG_PUSH_URL: `https://${host}:${this.pushPort}/push`,
      QRNG_PUSH_CERT_FILE: this.write('collector.crt', certificatePem),
      QRNG_PUSH_KEY_FILE: this.write('collector.key', keyPem),
      QRNG_HMAC_SECRET_KEY: this.gateways[0]?.env['QRNG_HMAC_SECRET_KEY'],
    });
    this.#collector = new CollectorProcess(env);
    return this.#collector;
  }

  async clientCertificate(): Promise<IssuedCertificate> {
    return (await COLLECTORS).issue({ commonName: 'collector-1', client: true });
  }

  /** SIGTERM to one gateway, as a service manager does, and a new one in its place. */
  async restart(index: number): Promise<void> {
    const old = this.gateways[index];
    if (old === undefined) throw new RangeError(`there is no gateway ${index}`);
    await old.stop();
    await old.close();
    this.gateways[index] = await GatewayProcess.start(old.env);
  }

  async ready(index: number): Promise<void> {
    const isReady = async (): Promise<boolean> =>
      (await this.gateways[index]?.get('/health/ready'))?.status === 200;
    await until('the gateway is ready', isReady);
  }

  async close(): Promise<void> {
    await this.#collector?.kill();
    if (this.#balancer?.exitCode === null) {
      this.#balancer.kill('SIGTERM');
      await once(this.#balancer, 'exit');
    }
    await Promise.all(this.gateways.map((gateway) => gateway.close()));
    await this.#appliance.simulator.close();
    await this.#redis.kill();
  }

  async #startGateways(): Promise<void> {
    this.#redis = await RedisServer.start();
    this.#appliance = await startAppliance({});
    writeFileSync(this.file('collectors.pem'), (await COLLECTORS).certificatePem);
    writeFileSync(this.file('ca.pem'), (await testAuthority()).certificatePem);
    let env: Environment = {
      QRNG_REDIS_URL: this.#redis.url,
      QRNG_TRUST_PROXY: '127.0.0.1',
      QRNG_TLS_CLIENT_CA_FILE: this.file('collectors.pem'),
      QRNG_BUFFER_SIZE: String(1024 * 1024),
      QRNG_BUFFER_OVERFLOW_POLICY: 'replace',
    };
    for (const port of this.ports) {
      const state = this.file(`state-${port}`);
      mkdirSync(state);
      const own = { QRNG_STATE_DIR: state, QRNG_LISTEN_ADDRESS: `127.0.0.1:${port}` };
      const gateway = await GatewayProcess.start({ ...env, ...own });
      this.gateways.push(gateway);
      env = gateway.env;
    }
  }
}

/** Whether somebody listens at this port of 127.0.0.1. */
async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isOpen;
}
