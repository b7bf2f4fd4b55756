/**
 * `npm run siege`: attacks without a key against a gateway of its own on loopback, from one source address and from 200, while a good client
 * and a good collector go on. Prints a table, and ends with 1 when one of them was not served as promised or something is left.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLine, misused } from '#libs/command-line';
import { Feed } from './feed.js';
import { startGateway } from './gateway.js';
import type { Server } from './server.js';
import { Setup } from './setup.js';
import { ATTACKS } from './siege/attacks.js';
import { experience, goodClient, goodCollector } from './siege/bystanders.js';
import type { Experience } from './siege/bystanders.js';
import { MemoryLimit } from './siege/memory-limit.js';

const MIB = 2 ** 20;
const POOL_BYTES = 10 * MIB;
/** What is promised (SECURITY.md). */
const SERVED_SHARE = 0.99;
const P99_MS = 250;
const MEMORY_BYTES = 256 * MIB;
/** As compose.yaml and the Helm chart limit the gateway, where this machine can. */
const LIMIT_BYTES = 512 * MIB;
/** What the kernel may hold for sockets: it counts the memory of a byte twice or thrice. */
const SOCKET_BYTES = 256 * MIB;
/** Beside the sockets of the bystanders and what the process itself has open. */
const OPEN_FILES_LEFT = 10;
/** The longest that something of a connection may live on: its client has gone. */
const GONE_WITHIN_MS = 40_000;

interface Row {
  readonly name: string;
  readonly client: Experience;
  readonly collector: Experience;
  readonly residentBytes: number;
  /** What the kernel held for sockets; unknown where there is no limit. */
  readonly socketBytes: number | undefined;
  readonly openFilesLeft: number;
}

const USAGE = `Usage: npm run siege [-- --seconds N] [--only NAME]

  --only    the attacks whose names begin so, of: ${Object.keys(ATTACKS).join(', ')}`;
const { values } = commandLine(USAGE, {
  options: { seconds: { type: 'string', default: '15' }, only: { type: 'string', default: '' } },
});
const seconds = Number(values.seconds);
const names = Object.keys(ATTACKS).filter((name) => name.startsWith(values.only));
if (!(seconds > 0)) misused('--seconds must be a positive number.', USAGE);
if (names.length === 0) misused(`There is no attack ${values.only}.`, USAGE);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const setup = await Setup.create({ quick: false, rounds: 1, longSeconds: 1 });
const faults: string[] = [];
try {
  console.log(`${seconds} s each; load of the machine before: ${loadavg()[0]?.toFixed(1)}\n`);
  console.log(
    '| attack | from | client served, p50, p99 | collector served, p50, p99 | resident | kernel, sockets | left open |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const name of ['none', ...names]) {
    for (const count of name === 'none' ? [0] : [1, 200]) report(await besiege(name, count), count);
  }
} finally {
  setup.remove();
}
for (const fault of faults) console.error(`NOT AS PROMISED: ${fault}`);
process.exit(faults.length > 0 ? 1 : 0);

/** One attack on a gateway of its own. */
async function besiege(name: string, count: number): Promise<Row> {
  const server = await startGateway(setup, {
    tls: true,
    poolBytes: POOL_BYTES,
    env: { QRNG_BUFFER_OVERFLOW_POLICY: 'replace' },
  });
  const limit = MemoryLimit.of(server.pid, LIMIT_BYTES);
  try {
    const feed = new Feed('siege', setup.hmacKey);
    const client = goodClient(server.url, setup.keys(1)[0] ?? '');
    const collector = goodCollector(server.url, (data) => feed.seal(data.length));
    await experience(collector, setup.ca, 1);
    const before = server.openFiles();
    const attackers = count === 0 ? undefined : startAttackers(name, server.port, count);
    await sleep(1000);
    const [ofClient, ofCollector, residentBytes] = await Promise.all([
      experience(client, setup.ca, seconds),
      experience(collector, setup.ca, seconds),
      most(server, seconds),
    ]);
    await attackers?.end();
    const openFilesLeft = await left(server, before);
    const socketBytes = limit?.socketBytes();
    return { name, client: ofClient, collector: ofCollector, residentBytes, socketBytes, openFilesLeft };
  } finally {
    await server.stop();
    limit?.remove();
  }
}

function startAttackers(name: string, port: number, count: number): { end: () => Promise<void> } {
  const script = join(import.meta.dirname, 'siege/attacker.js');
  const child = spawn(process.execPath, [script, name, String(port), String(count)], {
    stdio: ['pipe', 'inherit', 'inherit'], // they end with stdin, and so with this process
  });
  return {
    end: async () => {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}

/** The most resident memory that is seen within this number of seconds. */
async function most(server: Server, within: number): Promise<number> {
  let resident = 0;
  for (const until = performance.now() + 1000 * within; performance.now() < until;) {
    resident = Math.max(resident, server.residentBytes());
    await sleep(100);
  }
  return resident;
}

/** Files that are still open beyond those `before`, once they are few or after the longest time. */
async function left(server: Server, before: number): Promise<number> {
  const deadline = performance.now() + GONE_WITHIN_MS;
  while (server.openFiles() - before > OPEN_FILES_LEFT && performance.now() < deadline) await sleep(200);
  return Math.max(0, server.openFiles() - before);
}

function report(row: Row, count: number): void {
  const { name, client, collector, residentBytes, socketBytes, openFilesLeft } = row;
  const from = count === 0 ? '–' : `${count} address${count > 1 ? 'es' : ''}`;
  const mib = (bytes: number): string => `${(bytes / MIB).toFixed(0)} MiB`;
  const memory = `${mib(residentBytes)} | ${socketBytes === undefined ? '?' : mib(socketBytes)}`;
  console.log(`| ${name} | ${from} | ${cell(client)} | ${cell(collector)} | ${memory} | ${openFilesLeft} |`);
  const check = (holds: boolean, fault: string): void => {
    if (!holds) faults.push(`${name} from ${from}: ${fault}`);
  };
  for (const [who, { asked, served, p99Ms, faults: kinds }] of Object.entries({ client, collector })) {
    check(
      served / asked >= SERVED_SHARE,
      `the ${who} was served ${served} of ${asked} (${kinds.join('; ')})`,
    );
    check(p99Ms < P99_MS, `p99 of the ${who} is ${p99Ms.toFixed(0)} ms`);
  }
  check(residentBytes < MEMORY_BYTES + POOL_BYTES, `${mib(residentBytes)} are resident`);
  check((socketBytes ?? 0) < SOCKET_BYTES, `the kernel held ${mib(socketBytes ?? 0)} for sockets`);
  check(openFilesLeft <= OPEN_FILES_LEFT, `${openFilesLeft} files are open afterwards`);
}

function cell({ asked, served, p50Ms, p99Ms }: Experience): string {
  return `${((100 * served) / asked).toFixed(1)} % of ${asked}, ${p50Ms.toFixed(0)} ms, ${p99Ms.toFixed(0)} ms`;
}
