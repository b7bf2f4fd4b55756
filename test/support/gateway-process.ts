/** A gateway as operators run it: the compiled main.js in a process of its own. Needs `npm run build`. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { gatewayEnvironment, testAuthority } from './gateway.js';
import { GatewayClient } from './gateway-client.js';
import type { Environment } from './gateway-client.js';
import { ownEnvironment } from './own-environment.js';

const MAIN = resolve('dist/apps/gateway/src/main.js');

export type LogLine = Record<string, unknown>;

/** A started process: its output, and how it ended. */
export class ProcessRun {
  readonly log: LogLine[] = [];
  errors = '';
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly child: ChildProcess;

  constructor(env: Environment, nodeOptions: readonly string[] = []) {
    const child = spawn(process.execPath, ['--disable-sigusr1', ...nodeOptions, MAIN], {
      env: { ...ownEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    this.ended = new Promise((done) => child.once('close', (code, signal) => done({ code, signal })));
    child.stderr.on('data', (text: Buffer) => (this.errors += text.toString()));
    createInterface(child.stdout).on('line', (line) => this.log.push(parsed(line)));
  }

  /** Resolves once a log line with this event is there; rejects when the process ends before. */
  async logged(event: string): Promise<LogLine> {
    for (let ended: unknown; ;) {
      const found = this.log.find((line) => line['event'] === event);
      if (found !== undefined) return found;
      if (ended !== undefined) throw new Error(`the gateway ended without ${event}: ${this.errors}`);
      ended = await Promise.race([this.ended, setTimeout(10)]);
    }
  }

  /** SIGKILL unless it ended, and waits for the end. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

/** A gateway process that listens, and a client of it. */
export class GatewayProcess extends GatewayClient {
  private constructor(
    readonly run: ProcessRun,
    url: string,
    env: Environment,
    ca: string,
  ) {
    super(url, env, ca);
  }

  /** @param nodeOptions of the process, such as `--import` of a module that sets a failpoint. */
  static async start(
    overrides: Environment = {},
    nodeOptions: readonly string[] = [],
  ): Promise<GatewayProcess> {
    const env = await gatewayEnvironment({ QRNG_LOG_LEVEL: 'info', ...overrides });
    const run = new ProcessRun(env, nodeOptions);
    const { url } = await run.logged('listening');
    const { certificatePem } = await testAuthority();
    return new GatewayProcess(run, String(url), env, certificatePem);
  }

  /** SIGTERM, as an operator ends it; how it ended. */
  stop(): ProcessRun['ended'] {
    this.run.child.kill('SIGTERM');
    return this.run.ended;
  }

  override async close(): Promise<void> {
    await super.close();
    await this.run.kill();
  }
}

/** The option that kills the process at the `nth` passage of a failpoint, as `kill -9` does. */
export function killAt(failpoint: string, nth: number): string[] {
  const hook = `let left = ${nth};
    globalThis[Symbol.for('qrng.failpoint')] = (name) => {
      if (name === '${failpoint}' && --left === 0) process.kill(process.pid, 'SIGKILL');
    };`;
  return ['--import', `data:text/javascript,${encodeURIComponent(hook)}`];
}

function parsed(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { line };
  }
}
