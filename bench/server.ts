/** A server under measurement: a process of its own, with what /proc says about it. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from './load/connection.js';
import type { Setup } from './setup.js';

const TICK_MS = 10; // USER_HZ is 100 on every Linux
const START_WITHIN_MS = 60_000;

/** Of every server alike, those that `npm run start:gateway` gives. */
const START_OPTIONS = startOptions(join(import.meta.dirname, '../../package.json'));

export interface ServerProcess {
  /** Names the candidate in the table, and its log. */
  readonly name: string;
  /** The compiled module, relative to dist/; or any program. */
  readonly module: string | { readonly program: string };
  /** Where it listens; 0 when it does not. */
  readonly port: number;
  readonly ca?: string | undefined;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class Server implements Endpoint {
  readonly name: string;
  readonly port: number;
  readonly ca: string | undefined;
  readonly #process: ChildProcess;
  readonly #log: string;

  private constructor(options: ServerProcess, log: string) {
    this.name = options.name;
    this.port = options.port;
    this.ca = options.ca;
    this.#log = log;
    const out = openSync(log, 'a');
    const { module, args = [] } = options;
    const [program, before] =
      typeof module === 'string'
        ? [process.execPath, [...START_OPTIONS, join(import.meta.dirname, '..', module)]]
        : [module.program, []];
    this.#process = spawn(program, [...before, ...args], {
      env: { PATH: process.env['PATH'], ...options.env },
      stdio: ['pipe', out, out], // the simulator ends with its stdin
    });
    closeSync(out);
    running.add(this.#process);
    this.#process.once('exit', () => running.delete(this.#process));
  }

  /** Starts the process and waits until it listens, if it does. */
  static async start(setup: Setup, options: ServerProcess): Promise<Server> {
    const server = new Server(options, setup.path(`${options.name.replaceAll(/\W+/g, '-')}.log`));
    const deadline = performance.now() + START_WITHIN_MS;
    while (server.port > 0 && !(await accepts(server.port))) {
      if (server.#process.exitCode !== null || performance.now() > deadline) {
        throw new Error(`${server.name} does not listen:\n${server.log().slice(-2000)}`);
      }
      await sleep(2);
    }
    return server;
  }

  get pid(): number {
    return this.#process.pid ?? NaN;
  }

  get url(): string {
    return `${this.ca === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`;
  }

  /** Processor time that the process and its workers have used so far, all threads, in milliseconds. */
  cpuMs(): number {
    const { pid = 0 } = this.#process;
    const workers = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ');
    return [pid, ...workers.filter(Boolean).map(Number)].reduce((sum, each) => sum + cpuMsOf(each), 0);
  }

  /** Resident memory in bytes. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, 'latin1');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  /** Files and sockets that the process has open. */
  openFiles(): number {
    return readdirSync(`/proc/${this.#process.pid}/fd`).length;
  }

  /** What the process wrote to its log since the last `clearLog`. */
  log(): string {
    return readFileSync(this.#log, 'utf8');
  }

  /** Empties the log: at full load it grows by megabytes a second. */
  clearLog(): void {
    truncateSync(this.#log);
  }

  async stop(): Promise<void> {
    if (!running.has(this.#process)) return;
    const ended = new Promise((done) => this.#process.once('exit', done));
    this.#process.kill('SIGTERM');
    const killer = setTimeout(() => this.#process.kill('SIGKILL'), 12_000);
    await ended;
    clearTimeout(killer);
    this.clearLog();
  }
}

/** That of one process: utime and stime of its stat, in proc(5). */
function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((answer) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
    socket.once('connect', () => socket.destroy());
  });
}

function startOptions(packageFile: string): string[] {
  const { scripts } = JSON.parse(readFileSync(packageFile, 'utf8')) as { scripts: Record<string, string> };
  return (scripts['start:gateway'] ?? '').split(' ').filter((word) => word.startsWith('--'));
}
