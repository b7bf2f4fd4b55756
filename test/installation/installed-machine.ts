/**
 * A machine that the package is installed on: namespaces for the network, for processes and for mounts, with /etc, /opt and /var/lib
 * of its own.
 *
 * systemd is not in it. What it does with a unit is done from the unit's own lines: user, environment, state directory, ExecStart=
 * and ExecReload=. `systemctl` is a program of ten lines that knows is-active and reload.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { end } from '../../tools/diode/machine.js';
import type { Machine } from '../../tools/diode/machine.js';

const UNTIL_WE_END = ['setpriv', '--pdeathsig', 'KILL'];

export type App = 'gateway' | 'collector';

const PATH = '/opt/programs:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Nothing of it reaches the machine that runs the test. */
const MOUNTS = `set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1/disk"
mkdir "$1/disk/upper" "$1/disk/work"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/disk/upper,workdir=$1/disk/work" /etc
mount -t tmpfs tmpfs /opt
mkdir /opt/qrng-dd /opt/programs
mount --bind "$2" /opt/qrng-dd
mount --bind "$1/programs" /opt/programs
mount -t tmpfs tmpfs /var/lib
echo up
exec sleep infinity`;

const SYSTEMCTL = `#!/bin/sh
for service; do :; done
unit=/etc/systemd/system/$service.service
pid=$(cat "$(dirname "$0")/$service.pid" 2>/dev/null)
case $1 in
  is-active) [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null ;;
  reload)
    command=$(sed -n 's/^ExecReload=//p' "$unit" | sed "s/\\$MAINPID/$pid/")
    exec setpriv --reuid "$service" --regid "$service" --clear-groups env -i "PATH=$PATH" $command ;;
  daemon-reload) ;;
  *) exit 1 ;;
esac
`;

export interface Ran {
  readonly status: number | null;
  readonly output: string;
}

export class InstalledMachine {
  #service: ChildProcess | undefined;

  private constructor(
    readonly app: App,
    private readonly machine: Machine,
    private readonly holder: ChildProcess,
    private readonly folder: string,
  ) {}

  /**
   * @param folder on the disk of the test, for this machine alone.
   * @param release the unpacked tarball.
   */
  static async create(
    app: App,
    machine: Machine,
    folder: string,
    release: string,
  ): Promise<InstalledMachine> {
    mkdirSync(join(folder, 'disk'), { recursive: true });
    mkdirSync(join(folder, 'programs'));
    writeFileSync(join(folder, 'programs/systemctl'), SYSTEMCTL);
    chmodSync(join(folder, 'programs/systemctl'), 0o755);
    const namespaces = ['unshare', '--mount', '--pid', '--mount-proc', '--fork', '--kill-child'];
    const program = [...UNTIL_WE_END, ...namespaces, 'sh', '-c', MOUNTS, 'sh', folder, release];
    const holder = spawn('nsenter', [`--net=/proc/${machine.pid}/ns/net`, '--', ...program], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH },
    });
    let complaint = '';
    holder.stderr.on('data', (text: Buffer) => (complaint += text.toString()));
    const [first] = (await Promise.race([once(holder.stdout, 'data'), once(holder, 'close')])) as unknown[];
    if (!Buffer.isBuffer(first)) throw new Error(`${app}: ${complaint}`);
    return new InstalledMachine(app, machine, holder, folder);
  }

  get service(): string {
    return `qrng-${this.app}`;
  }

  /** The settings that the service reads. */
  get settingsPath(): string {
    return `/etc/qrng-dd/${this.app}.env`;
  }

  /** Runs a command as root, to its end. */
  run(...command: string[]): Ran {
    const [program = '', ...args] = [...this.#enter(), ...command];
    const { status, stdout, stderr } = spawnSync(program, args, {
      encoding: 'utf8',
      env: { PATH },
      cwd: '/',
    });
    return { status, output: stdout + stderr };
  }

  /** `qrng-dd`, as an operator calls it. */
  qrngDd(...args: string[]): Ran {
    return this.run('/opt/qrng-dd/bin/qrng-dd', ...args);
  }

  read(path: string): string {
    return this.run('cat', path).output;
  }

  /** Appends lines to the file of settings, as an editor would. */
  set(lines: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(lines)) {
      this.run('sh', '-c', 'echo "$1" >> "$2"', 'sh', `${name}=${text}`, this.settingsPath);
    }
  }

  /** What systemd does at `systemctl start`. */
  start(): void {
    const lines = this.read(`/etc/systemd/system/${this.service}.service`).split('\n');
    const of = (key: string): string[] =>
      lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
    const [user = '', directory = '', start = ''] = [
      of('User'),
      of('WorkingDirectory'),
      of('ExecStart'),
    ].flat();
    for (const name of of('StateDirectory')) {
      this.run(
        'install',
        '-d',
        '-m',
        of('StateDirectoryMode')[0] ?? '',
        '-o',
        user,
        '-g',
        user,
        `/var/lib/${name}`,
      );
    }
    const settings = of('EnvironmentFile').flatMap((path) => this.read(path).split('\n'));
    const environment = [...of('Environment'), ...settings.filter((line) => /^QRNG_\w+=/.test(line))];
    const as = ['setpriv', '--reuid', user, '--regid', user, '--clear-groups', '--pdeathsig', 'KILL'];
    const noted = ['sh', '-c', 'echo $$ > "$0"; exec "$@"', `/opt/programs/${this.service}.pid`];
    const [program = '', ...args] = [
      ...[...UNTIL_WE_END, ...this.#enter(), ...noted, ...as, 'env', '-i', '-C', directory, ...environment],
      ...start.split(' '),
    ];
    const service = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH } });
    for (const output of [service.stdout, service.stderr]) {
      output.on('data', (text: Buffer) => appendFileSync(this.#log, text));
    }
    this.#service = service;
  }

  /** `systemctl stop`; the exit code. */
  async stop(): Promise<number | null> {
    const service = this.#service;
    if (service?.exitCode !== null) return service?.exitCode ?? null;
    const ended = once(service, 'exit');
    this.run('sh', '-c', `kill -TERM "$(cat /opt/programs/${this.service}.pid)"`);
    await ended;
    return service.exitCode;
  }

  /** The journal of the service, without its requests. */
  log(): string {
    const lines = readFileSync(this.#log, 'utf8').split('\n');
    return lines.filter((line) => !line.includes('"event":"request"')).join('\n');
  }

  async close(): Promise<void> {
    await this.stop();
    await end(this.holder);
    await this.machine.close();
  }

  get #log(): string {
    return join(this.folder, 'log');
  }

  #enter(): string[] {
    const of = (name: string): string => `/proc/${this.holder.pid}/ns/${name}`;
    return ['nsenter', `--net=${of('net')}`, `--mount=${of('mnt')}`, `--pid=${of('pid_for_children')}`, '--'];
  }
}
