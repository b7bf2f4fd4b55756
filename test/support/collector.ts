/** The collector as operators run it: the compiled program in a process of its own. Needs `npm run build`. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { testAuthority, temporaryFolder } from './gateway.js';
import type { Environment } from './gateway.js';
import { ownEnvironment } from './own-environment.js';
import { until } from './until.js';

const PROGRAM = resolve('dist/apps/collector/src/main.js');

export interface LogLine {
  readonly level: number;
  readonly event?: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export class CollectorProcess {
  /** Lines of stdout that are JSON. */
  readonly log: LogLine[] = [];
  /** Everything on stdout and stderr. */
  output = '';
  readonly exited: Promise<number | string>;
  readonly #child: ChildProcess;

  constructor(
    readonly env: Environment,
    nodeArguments: readonly string[] = ['--disable-sigusr1'],
  ) {
    if (!existsSync(PROGRAM)) throw new Error('the collector is not built: npm run build');
    const environment = { ...ownEnvironment(), ...env };
    this.#child = spawn(process.execPath, [...nodeArguments, PROGRAM], { env: environment });
    this.exited = new Promise((done) => {
      this.#child.once('close', (code, signal) => done(code ?? signal ?? 'unknown'));
    });
    let rest = '';
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      this.log.push(
        ...lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine),
      );
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  events(event: string): LogLine[] {
    return this.log.filter((line) => line.event === event);
  }

  /** The first line that logs this event. */
  logged(event: string): Promise<LogLine> {
    return until(`the collector logs ${event}`, () => this.events(event)[0], { describe: () => this.output });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it with SIGTERM as an operator does; its byte counts and exit code. */
  async stop(): Promise<LogLine & { code: number | string }> {
    this.#child.kill('SIGTERM');
    const code = await this.exited;
    return { ...(this.events('stopped')[0] ?? { level: 0, msg: this.output }), code };
  }

  /** Ends it without a chance to do anything. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }
}

/** An environment that a collector starts with: quick intervals, a new state directory; `overrides` win. */
export async function collectorEnvironment(overrides: Environment): Promise<Environment> {
  const folder = temporaryFolder();
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, (await testAuthority()).certificatePem);
  return {
    QRNG_APPLIANCE_CA_FILE: caFile,
    QRNG_PUSH_CA_FILE: caFile,
    QRNG_STATE_DIR: join(folder, 'state'),
    QRNG_FETCH_INTERVAL_MS: '20',
    QRNG_PUSH_INTERVAL_MS: '50',
    QRNG_INITIAL_BACKOFF_MS: '20',
    QRNG_MAX_BACKOFF_MS: '200',
    ...overrides,
  };
}
