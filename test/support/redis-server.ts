/** A real redis-server of the test's own: a port and a folder that nobody else has. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createClient } from 'redis';
import { describe } from '@jest/globals';
import type { RedisLog } from '../../apps/gateway/src/redis/redis-connection.js';
import { freePort } from './free-port.js';
import { temporaryFolder } from './gateway.js';

/** Like describe(), skipped only where the test runner says that redis-server is missing. */
export function describeWithRedis(name: string, body: () => void): void {
  const missing = (process.env['QRNG_TEST_MISSING'] ?? '').split(',').includes('redis-server');
  (missing ? describe.skip : describe)(name, body);
}

/** For connections without a gateway around them. */
export const testDeployment = { prefix: 'qrng', fingerprints: () => ['a-key'] };

/** For connections of which nobody wants to hear. */
export const silent: RedisLog = { up: () => undefined, down: () => undefined, refused: () => undefined };

/** No persistence, as docs/scaling.md demands. */
const SETTINGS = ['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'];

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class RedisServer {
  readonly url: string;
  readonly #folder = temporaryFolder();
  #process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly settings: readonly string[],
    scheme: 'redis' | 'rediss' = 'redis',
  ) {
    this.url = `${scheme}://127.0.0.1:${port}`;
  }

  /** @param settings more of redis-server's command line, such as ['--requirepass', 'secret']. */
  static async start(...settings: string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), settings);
    await server.restart();
    return server;
  }

  /** A server that speaks nothing but TLS. */
  static async startTls(certificateFile: string, keyFile: string): Promise<RedisServer> {
    const port = await freePort();
    const files = ['--tls-cert-file', certificateFile, '--tls-key-file', keyFile, '--tls-auth-clients', 'no'];
    const server = new RedisServer(port, [...files, '--port', '0', '--tls-port', `${port}`], 'rediss');
    await server.restart();
    return server;
  }

  /** Starts it again on the same port and folder. */
  async restart(): Promise<void> {
    const { port } = this;
    const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', this.#folder, ...SETTINGS];
    const child = spawn('redis-server', [...args, ...this.settings], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    let log = '';
    for await (const chunk of child.stdout) {
      log += String(chunk);
      if (log.includes('Ready to accept connections')) {
        child.stdout.resume();
        return;
      }
    }
    throw new Error(`redis-server did not start:\n${log}`);
  }

  /** Ends it without warning; what it held in memory is lost. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Stops its clock, so to speak: it keeps its connections and answers nothing until `resume`. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  /** The key of this name, whichever space of whichever deployment it is in; there must be one. */
  async keyOf(name: string): Promise<string> {
    const keys = (await this.command('KEYS', `{*}:*:${name}`)) as string[];
    if (keys.length !== 1) throw new Error(`${keys.length} keys are named ${name}`);
    return String(keys[0]);
  }

  /** Runs one command, as redis-cli would. */
  async command(...args: string[]): Promise<unknown> {
    const client = createClient({ url: this.url, socket: { reconnectStrategy: false } });
    client.on('error', () => undefined); // connect() and sendCommand() report it
    await client.connect();
    try {
      return await client.sendCommand(args);
    } finally {
      client.destroy();
    }
  }
}
