/** The demo's processes: each with its log file, and ended together, the last one started first. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';

const DIST = join(import.meta.dirname, '../..');
const KILL_AFTER_MS = 12_000;
/** So that a demo that is killed leaves nothing behind: setpriv(1) of util-linux. Busybox's cannot do it, and the demo goes without. */
const [SETPRIV, ...UNTIL_WE_END] = ['setpriv', '--pdeathsig', 'TERM'] as const;
const canSetpriv = spawnSync(SETPRIV, [...UNTIL_WE_END, 'true']).status === 0;

export interface Program {
  readonly name: string;
  /** Below dist/. */
  readonly module: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly args?: readonly string[];
}

export class Processes {
  readonly #started: { readonly name: string; readonly process: ChildProcess }[] = [];
  #stopping = false;

  /**
   * @param folder for the log files.
   * @param onEnd is called with the name and what happened when one of them ends by itself.
   */
  constructor(
    private readonly folder: string,
    private readonly onEnd: (name: string, how: string) => void,
  ) {}

  get stopping(): boolean {
    return this.#stopping;
  }

  start({ name, module, env, args = [] }: Program): void {
    const node = [process.execPath, '--disable-sigusr1', join(DIST, module), ...args];
    const [command = '', ...rest] = canSetpriv ? [SETPRIV, ...UNTIL_WE_END, ...node] : node;
    const child = spawn(command, rest, {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true, // Ctrl-C reaches the demo alone, which then ends the others in order
    });
    const log = createWriteStream(join(this.folder, `${name}.log`));
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    child.once('exit', (code, signal) => {
      if (!this.#stopping) this.onEnd(name, signal ?? `exit code ${code}`);
    });
    this.#started.push({ name, process: child });
  }

  /** Ends the collector first, so that it can hand over what it holds. Says what it waits for. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const { name, process: child } of this.#started.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      console.log(`Stopping the ${name} ...`);
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      await ended;
      clearTimeout(killer);
    }
  }
}
