/** What receipts cost: draws and pushes at a gateway without them, at one with them that nobody asks, and draws that ask. */
import { generateKeyPairSync } from 'node:crypto';
import { Feed } from './feed.js';
import { startGateway } from './gateway.js';
import { measurePushes } from './pushes.js';
import { measureRequests } from './requests.js';
import { interleave } from './rounds.js';
import type { Row } from './row.js';
import type { Server } from './server.js';
import type { Setup } from './setup.js';
import type { Report } from './table.js';

const POOL_BYTES = 16 * 2 ** 20;
const PUSHED_BYTES = 65_536;
const DRAW = '/api/integers?count=6&min=1&max=49&unique=true';

export const receiptRows: Row[] = [
  { name: 'receipts, draws', run: draws },
  { name: 'receipts, push 64 KiB', run: pushes },
];

function start(setup: Setup, isOn: boolean, env: Record<string, string> = {}): Promise<Server> {
  const key = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
  const receipts = {
    QRNG_RECEIPTS: 'on',
    QRNG_RECEIPTS_KEY: key.toString(),
    QRNG_RECEIPTS_ORIGIN: 'bench.example.com/receipts',
  };
  return startGateway(setup, {
    name: isOn ? 'gateway, receipts on' : 'gateway',
    tls: false,
    poolBytes: POOL_BYTES,
    env: { ...env, ...(isOn ? receipts : {}) },
  });
}

async function draws(setup: Setup): Promise<Report> {
  const [off, on] = await Promise.all([start(setup, false), start(setup, true)]);
  const feeds = new Map([off, on].map((server) => [server, new Feed('bench', setup.hmacKey)]));
  const contender = (name: string, server: Server, path: string) => ({
    name,
    measure: async () => {
      await feeds.get(server)?.fill(server);
      const isRight = ({ status, bodyBytes }: { status: number; bodyBytes: number }): boolean =>
        status === 200 && bodyBytes >= 2 * 6 + 1 && bodyBytes <= 3 * 6 + 1;
      return measureRequests(setup, server, { path, isRight });
    },
  });
  try {
    const contenders = [
      contender('gateway', off, DRAW),
      contender('gateway, receipts on, not asked', on, DRAW),
      contender('gateway, receipt=true', on, `${DRAW}&receipt=true`),
      contender('gateway, receipt=full', on, `${DRAW}&receipt=full`),
    ];
    return { lines: await interleave('receipts, draws', 'requests', contenders, setup.rounds), targets: [] };
  } finally {
    await Promise.all([off.stop(), on.stop()]);
  }
}

async function pushes(setup: Setup): Promise<Report> {
  const env = { QRNG_BUFFER_OVERFLOW_POLICY: 'replace' };
  const servers = await Promise.all([start(setup, false, env), start(setup, true, env)]);
  const contenders = servers.map((server) => {
    const feeds = Array.from({ length: 4 }, (_, index) => new Feed(`bench-${index}`, setup.hmacKey));
    const load = { feeds, connections: 4, packets: setup.quick ? 10 : 500, bytes: PUSHED_BYTES };
    return { name: server.name, measure: () => measurePushes(server, load) };
  });
  try {
    return { lines: await interleave('receipts, push 64 KiB', 'MiB', contenders, setup.rounds), targets: [] };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}
