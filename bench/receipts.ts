/** What receipts cost: draws and pushes at a gateway without them, at one with them that nobody asks, and draws that ask. */
import { createSigningKey } from '../tools/setup/material.js';
import { startGateway } from './gateway.js';
import type { Answer } from './load/connection.js';
import { pushContender } from './pushes.js';
import { fedContender } from './requests.js';
import { interleave } from './rounds.js';
import type { Server } from './server.js';
import type { Setup } from './setup.js';
import type { Report, Row } from './table.js';

const POOL_BYTES = 16 * 2 ** 20;
const PUSHED_BYTES = 65_536;
const DRAW = '/api/integers?count=6&min=1&max=49&unique=true';

export const receiptRows: Row[] = [
  { name: 'receipts, draws', run: draws },
  { name: 'receipts, push 64 KiB', run: pushes },
];

function start(setup: Setup, isOn: boolean, env: Record<string, string> = {}): Promise<Server> {
  const receipts = {
    QRNG_RECEIPTS: 'on',
    QRNG_RECEIPTS_KEY: createSigningKey(),
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
  const isRight = ({ status, bodyBytes }: Answer): boolean =>
    status === 200 && bodyBytes >= 2 * 6 + 1 && bodyBytes <= 3 * 6 + 1;
  try {
    const contenders = [
      fedContender(setup, off, { path: DRAW, isRight }),
      fedContender(setup, on, { path: DRAW, isRight }, 'gateway, receipts on, not asked'),
      fedContender(setup, on, { path: `${DRAW}&receipt=true`, isRight }, 'gateway, receipt=true'),
      fedContender(setup, on, { path: `${DRAW}&receipt=full`, isRight }, 'gateway, receipt=full'),
    ];
    return { lines: await interleave('receipts, draws', 'requests', contenders, setup.rounds), targets: [] };
  } finally {
    await Promise.all([off.stop(), on.stop()]);
  }
}

async function pushes(setup: Setup): Promise<Report> {
  const env = { QRNG_BUFFER_OVERFLOW_POLICY: 'replace' };
  const servers = await Promise.all([start(setup, false, env), start(setup, true, env)]);
  const contenders = servers.map((server) =>
    pushContender(setup, server, { bytes: PUSHED_BYTES, packets: 500 }),
  );
  try {
    return { lines: await interleave('receipts, push 64 KiB', 'MiB', contenders, setup.rounds), targets: [] };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}
