/** `POST /push` over TLS, beside the same gateway that throws the body away, and beside OpenSSL's speed of the MAC alone. */
import { spawnSync } from 'node:child_process';
import { HEADER_BYTES } from '#libs/crypto';
import { startGateway } from './gateway.js';
import { pushContender } from './pushes.js';
import { interleave } from './rounds.js';
import type { Setup } from './setup.js';
import type { Line, Report, Row, Target } from './table.js';

const MIB = 2 ** 20;

interface PushRow {
  readonly name: string;
  readonly bytes: number;
  readonly packets: number;
  readonly wanted?: number;
}

/** A row for each size of packet. `packets` are sent over each connection in each round. */
export const pushRows: Row[] = [
  { name: 'push 8 KiB', bytes: 8192, packets: 2500 },
  { name: 'push 64 KiB', bytes: 65_536, packets: 500, wanted: 0.6 },
  { name: 'push 1 MiB', bytes: MIB, packets: 40, wanted: 0.6 },
].map((row) => ({ name: row.name, run: (setup) => runRow(setup, row) }));

async function runRow(setup: Setup, { name, bytes, packets, wanted }: PushRow): Promise<Report> {
  const env = { QRNG_BUFFER_OVERFLOW_POLICY: 'replace' };
  const throwAway = { name: 'gateway, body thrown away', module: 'bench/candidates/throw-away.js' };
  const servers = await Promise.all([
    startGateway(setup, { ...throwAway, tls: true, env }),
    startGateway(setup, { tls: true, env }),
  ]);
  const contenders = servers.map((server) => pushContender(setup, server, { bytes, packets }));
  try {
    const lines = await interleave(name, 'MiB', contenders, setup.rounds);
    if (setup.quick) return { lines, targets: [] };
    return { lines: [...lines, ...opensslLines(name, bytes)], targets: targets(name, lines, wanted) };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** What OpenSSL's own benchmark says of HMAC-SHA256 over packets of this size, in one thread; nothing without openssl. */
function opensslLines(row: string, bytes: number): Line[] {
  const args = ['speed', '-mr', '-seconds', '1', '-bytes', String(HEADER_BYTES + bytes), '-hmac', 'sha256'];
  const { stdout, error } = spawnSync('openssl', args, { encoding: 'latin1' });
  const bytesPerSecond = /^\+F:.*:([\d.]+)$/m.exec(error === undefined ? stdout : '')?.[1];
  if (bytesPerSecond === undefined) return [];
  const rate = Number(bytesPerSecond) / MIB;
  return [{ row, candidate: 'openssl speed, the HMAC alone', rate, unit: 'MiB', cpuUs: 1e6 / rate }];
}

/** The rate or the processor time, whichever makes the gateway look worse: the generator could hold both servers back. */
function targets(name: string, [throwAway, gateway]: readonly Line[], wanted: number | undefined): Target[] {
  if (wanted === undefined || throwAway === undefined || gateway === undefined) return [];
  const cpu = (throwAway.cpuUs ?? Number.NaN) / (gateway.cpuUs ?? Number.NaN);
  const measured = Math.min(cpu, gateway.ratio ?? Number.NaN);
  return [{ what: `${name}: gateway / the same, body thrown away`, bound: 'at least', wanted, measured }];
}
