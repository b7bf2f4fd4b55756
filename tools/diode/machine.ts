/** A machine as far as the network goes: a network namespace, held open by a process that sleeps. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';

export class Machine {
  readonly #started: ChildProcess[] = [];

  private constructor(
    readonly name: string,
    private readonly holder: ChildProcess,
  ) {}

  /** @throws where network namespaces are not allowed. */
  static async create(name: string): Promise<Machine> {
    const holder = spawn('unshare', ['--net', ...UNTIL_WE_END, 'sh', '-c', 'echo; exec sleep infinity'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let complaint = '';
    holder.stderr.on('data', (text: Buffer) => (complaint += text.toString()));
    const first = await Promise.race([once(holder.stdout, 'data'), once(holder, 'close')]);
    if (!(first[0] instanceof Buffer)) throw new Error(complaint.trim());
    const machine = new Machine(name, holder);
    machine.run('ip', 'link', 'set', 'lo', 'up');
    return machine;
  }

  /** The pid that other tools know the namespace by. */
  get pid(): string {
    return String(this.holder.pid);
  }

  /**
   * Runs a program on this machine to its end and returns what it wrote to stdout.
   *
   * @throws with what it wrote to stderr, when it fails.
   */
  run(program: string, ...args: string[]): string {
    const { status, stdout, stderr } = spawnSync('nsenter', [...this.#enter(), program, ...args], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.trim()}`);
    return stdout;
  }

  /** Starts a Node program on this machine; what it writes goes to `logFile`. It ends when this process does. */
  start(args: readonly string[], env: Record<string, string>, logFile: string): ChildProcess {
    const child = spawn('nsenter', [...this.#enter(), ...UNTIL_WE_END, process.execPath, ...args], {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    for (const output of [child.stdout, child.stderr]) {
      output.on('data', (text: Buffer) => appendFileSync(logFile, text));
    }
    this.#started.push(child);
    return child;
  }

  /** Ends what was started here, then the machine. */
  async close(): Promise<void> {
    for (const child of this.#started) await end(child);
    await end(this.holder);
  }

  #enter(): string[] {
    return [`--net=/proc/${this.pid}/ns/net`, '--'];
  }
}

/** Resolves once a process has written something: it does its work then; or has ended. */
export async function spoken(child: ChildProcess): Promise<void> {
  await Promise.race([once(child.stdout ?? child, 'data'), once(child, 'exit')]);
}

/** Ends a process: politely, and after ten seconds not. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(killer);
}

/** A cable between two machines; the addresses have prefix lengths, as `ip address add` takes them. */
export function connect(a: Machine, addressesOfA: string[], b: Machine, addressesOfB: string[]): void {
  plug({ machine: a, name: `to-${b.name}` }, { machine: b, name: `to-${a.name}` });
  address(a, `to-${b.name}`, addressesOfA);
  address(b, `to-${a.name}`, addressesOfB);
}

/** One end of a cable: an interface. */
export interface End {
  readonly machine: Machine;
  readonly name: string;
}

/** A cable without addresses; its ends are up. */
export function plug(one: End, other: End): void {
  const peer = ['peer', 'name', other.name, 'netns', other.machine.pid];
  one.machine.run('ip', 'link', 'add', one.name, 'type', 'veth', ...peer);
  for (const { machine, name } of [one, other]) machine.run('ip', 'link', 'set', name, 'up');
}

export function address(machine: Machine, name: string, addresses: readonly string[]): void {
  for (const one of addresses) {
    const nodad = one.includes(':') ? ['nodad'] : []; // else an IPv6 address cannot be used for a second
    machine.run('ip', 'address', 'add', one, 'dev', name, ...nodad);
  }
}

const UNTIL_WE_END = ['setpriv', '--pdeathsig', 'KILL'];
