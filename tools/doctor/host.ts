/** What the doctor sees of the machine, gathered here and nowhere else, so that the judgements are plain functions. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { parseTable } from '../../apps/collector/src/diode/sockets.js';
import type { App } from './app.js';

export interface Host {
  /** `nft -j list chains`, or why there is none. */
  readonly chains: { readonly json: string } | { readonly missing: string };
  /** The text of /etc/nftables.conf. */
  readonly rules: string | undefined;
  /** The addresses that SSH sessions to this machine come from. */
  readonly sshClients: readonly string[];
  /** Whether a time service keeps the clock, as far as can be known. */
  readonly clockSynchronized: boolean | undefined;
  /** Address and port of each listening TCP socket that others can reach, as `ADDRESS:PORT` in hexadecimal. */
  readonly listening: readonly string[];
  /** The apps of this project that run here. */
  readonly running: readonly string[];
  /** Whether the collector that runs here is confined by Node's permission model; undefined where none runs. */
  readonly confined: boolean | undefined;
  readonly addresses: readonly string[];
  /** /proc/sys/kernel/randomize_va_space; 2 is full address space layout randomization. */
  readonly aslr: string | undefined;
  readonly swaps: boolean;
  /** The id of the user that the app's unit names, where there is one. */
  readonly serviceUser: number | undefined;
}

export function thisHost(app: App): Host {
  const user = run('id', '-u', `qrng-${app}`);
  const nft = run('nft', '-j', 'list', 'chains');
  return {
    chains: nft.ok ? { json: nft.output } : { missing: nft.output },
    rules: read('/etc/nftables.conf'),
    sshClients: sshClients(),
    clockSynchronized: clockSynchronized(),
    listening: listening(),
    running: ['collector', 'gateway'].filter((app) => commandLine(app) !== undefined),
    confined: commandLine('collector')?.includes('--permission'),
    addresses: Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)),
    aslr: read('/proc/sys/kernel/randomize_va_space')?.trim(),
    swaps: (read('/proc/swaps') ?? '').trim().split('\n').length > 1,
    serviceUser: user.ok ? Number(user.output) : undefined,
  };
}

function clockSynchronized(): boolean | undefined {
  if (existsSync('/run/systemd/timesync/synchronized')) return true;
  const timedatectl = run('timedatectl', 'show', '--property=NTPSynchronized', '--value');
  if (timedatectl.ok) return timedatectl.output.trim() === 'yes';
  const chrony = run('chronyc', 'tracking');
  return chrony.ok ? /^Leap status\s*: Normal$/m.test(chrony.output) : undefined;
}

function sshClients(): string[] {
  const { ok, output } = run('ss', '-Htn', 'state', 'established', 'sport = :22');
  if (!ok) return [];
  const peers = [...output.matchAll(/(\S+):\d+\s*$/gm)].map(([, peer = '']) => peer);
  return [...new Set(peers.map((peer) => peer.replace(/^\[(?:::ffff:)?|\]$|%.*/g, '')))];
}

function listening(): string[] {
  const sockets = ['tcp', 'tcp6'].flatMap((table) => parseTable(table, read(`/proc/net/${table}`) ?? ''));
  // Loopback, as /proc writes it: 127.0.0.0/8 ends in 7F, ::1 in 01000000.
  return sockets.map(({ address }) => address).filter((address) => !/^(.{6}7F|0{24}01000000):/.test(address));
}

/** Of the process that runs this app, if one does. */
function commandLine(app: string): string | undefined {
  const module = `apps/${app}/src/main.js`;
  return readdirSync('/proc')
    .map((pid) => (/^\d+$/.test(pid) ? (read(`/proc/${pid}/cmdline`) ?? '') : ''))
    .find((line) => line.includes(module));
}

function run(program: string, ...args: string[]): { ok: boolean; output: string } {
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  });
  if (error !== undefined) return { ok: false, output: error.message };
  return status === 0 ? { ok: true, output: stdout } : { ok: false, output: stderr.trim() };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // a process that ended meanwhile, or a kernel without it
  }
}
