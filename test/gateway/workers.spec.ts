/** QRNG_WORKERS: several processes serve on one port from one pool, and are one gateway to everyone who looks at it. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Agent, request } from 'undici';
import { parseReceipt, parseVerifierKey, salted, verifyPacket, verifyProof } from '#libs/tlog';
import { TestKeys } from '../support/api-keys.js';
import { gatewayEnvironment, testAuthority } from '../support/gateway.js';
import type { Answer, Environment } from '../support/gateway.js';
import { GatewayProcess, ProcessRun } from '../support/gateway-process.js';
import { receiptSettings, SigningCollector } from '../support/signing-collector.js';
import { runTool } from '../support/run-tool.js';
import { until } from '../support/until.js';

const ROUNDS = 2;
const WINDOW = 8;

/** The processes that serve. */
function workersOf(gateway: GatewayProcess): number[] {
  const out = execFileSync('ps', ['-o', 'pid=', '--ppid', String(gateway.run.child.pid)]).toString();
  return out.trim().split(/\s+/).filter(Boolean).map(Number);
}

function start(env: Environment = {}): Promise<GatewayProcess> {
  return GatewayProcess.start({ QRNG_WORKERS: '2', ...env });
}

/** A request on a connection of its own, which may go to another worker. */
async function apart(
  gateway: GatewayProcess,
  path: string,
  headers?: Record<string, string>,
): Promise<Answer> {
  const { certificatePem } = await testAuthority();
  const dispatcher = new Agent({ connect: { ca: certificatePem }, pipelining: 0 });
  try {
    return await gateway.request(path, {
      dispatcher,
      headers: headers ?? { authorization: `Bearer ${gateway.apiKey}` },
    });
  } finally {
    await dispatcher.close();
  }
}

/** received = served + discarded + in the pool. */
async function balance(gateway: GatewayProcess): Promise<{ received: number; accounted: number }> {
  const { text } = await gateway.request('/metrics');
  const sum = (name: string): number =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\d+)$`, 'gm'))].reduce(
      (all, [, n]) => all + Number(n),
      0,
    );
  return {
    received: sum('qrng_entropy_received_bytes_total'),
    accounted:
      sum('qrng_entropy_served_bytes_total') +
      sum('qrng_entropy_discarded_bytes_total') +
      sum('qrng_pool_bytes'),
  };
}

describe('two workers', () => {
  const keys = new TestKeys({
    reader: { scopes: ['random', 'status'] },
    daily: { bytesPerDay: 10_000 },
    slow: { requestsPerMinute: 100 },
    leaked: {},
  });
  const sent = Array.from({ length: 16 }, () => randomBytes(65_536));
  let gateway: GatewayProcess;
  let collector: SigningCollector;
  beforeAll(async () => {
    gateway = await start({
      QRNG_API_KEY: undefined,
      QRNG_API_KEYS_FILE: keys.path,
      QRNG_BUFFER_SIZE: String(8 * 2 ** 20),
      ...receiptSettings(),
    });
    collector = new SigningCollector(gateway.collector, (packet) => gateway.push(packet));
    for (const data of sent) await collector.send(data);
    await collector.state();
  });
  afterAll(() => gateway.close());

  const get = (path: string, name = 'reader'): Promise<Answer> => apart(gateway, path, keys.bearer(name));

  test('both serve, and /metrics, /health and /api/status are those of one gateway', async () => {
    const before = (await gateway.metric('qrng_entropy_served_bytes_total{client="reader"}')) ?? 0;
    for (let i = 0; i < 10; i++) expect((await get('/api/random?bytes=100')).body).toHaveLength(200);
    const served = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const { text } = await get('/metrics');
        return Number(/^qrng_entropy_served_bytes_total\{client="reader"\} (\d+)$/m.exec(text)?.[1]);
      }),
    );
    expect(served).toEqual(served.map(() => before + 1000));
    const pids = new Set<unknown>();
    await until('both have logged requests', async () => {
      await get('/api/random');
      for (const line of gateway.run.log) if (line['event'] === 'request') pids.add(line['pid']);
      return workersOf(gateway).every((pid) => pids.has(pid));
    });
    for (let i = 0; i < 2; i++) {
      const status = JSON.parse((await get('/api/status')).text) as Record<string, unknown>;
      expect(status).toMatchObject({ pool: { ready: true }, collectors: [{ bytes: 2 ** 20 }] });
      expect((await get('/health')).status).toBe(200);
    }
    const { received, accounted } = await balance(gateway);
    expect(accounted).toBe(received);
  });

  test('a packet is taken once, whichever of them it comes to', async () => {
    const packet = gateway.collector.seal(randomBytes(100));
    const push = async (): Promise<number> => {
      const { certificatePem } = await testAuthority();
      const dispatcher = new Agent({ connect: { ca: certificatePem } });
      const options = { method: 'POST' as const, body: packet, dispatcher };
      const { status } = await gateway.request('/push', {
        ...options,
        headers: { 'content-type': 'application/octet-stream' },
      });
      await dispatcher.close();
      return status;
    };
    expect([await push(), await push(), await push()]).toEqual([204, 409, 409]);
  });

  test('a quota of bytes is never exceeded, however many ask at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => get('/api/random?bytes=500', 'daily')),
    );
    const served = 500 * answers.filter(({ status }) => status === 200).length;
    expect(served).toBeLessThanOrEqual(10_000);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]));
    expect(served).toBeGreaterThanOrEqual(5000);
  });

  test('requests are counted together: far fewer are admitted than the limit of each', async () => {
    let admitted = 0;
    for (let i = 0; i < 200; i++) if ((await get('/api/usage', 'slow')).status === 200) admitted += 1;
    expect(admitted).toBeGreaterThanOrEqual(100);
    expect(admitted).toBeLessThan(150);
  });

  test('npm run unblock lets a client in at all of them', async () => {
    const isBlocked = async (): Promise<boolean> =>
      (await get('/api/usage', 'slow')).text.includes('blocked');
    await until('it is blocked', isBlocked);
    const { stdout } = await runTool('unblock', ['slow'], {
      QRNG_STATE_DIR: gateway.env['QRNG_STATE_DIR'] ?? '',
    });
    expect(stdout).toBe('slow: let in again\n');
    await until('both let it in', async () => !(await isBlocked()) && !(await isBlocked()));
  });

  test('a revoked key is out at both within a second, and a failed authentication is in the one audit trail', async () => {
    expect((await get('/api/random', 'leaked')).status).toBe(200);
    keys.write({ reader: { scopes: ['random', 'status'] }, daily: {}, slow: {} });
    await until('both refuse it', async () => {
      const statuses = [];
      for (let i = 0; i < 4; i++) statuses.push((await get('/api/random', 'leaked')).status);
      return statuses.every((status) => status === 401);
    });
    const audit = join(gateway.env['QRNG_STATE_DIR'] ?? '', 'audit');
    await until('the trail is written', () => {
      const files = readdirSync(audit).filter((name) => name.endsWith('.jsonl'));
      const text = files.map((name) => readFileSync(join(audit, name), 'utf8')).join('');
      return text.split('"authentication-failed"').length > 4;
    });
  });

  test('SIGHUP reaches them: a new certificate is shown on each connection', async () => {
    const { hostname, port } = new URL(gateway.url);
    const serial = async (): Promise<string> => {
      const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      return serialNumber;
    };
    const before = await serial();
    const { certificatePem, keyPem } = await (
      await testAuthority()
    ).issue({ commonName: 'gateway', hosts: ['127.0.0.1'] });
    writeFileSync(gateway.env['QRNG_TLS_CERT_FILE'] ?? '', certificatePem);
    writeFileSync(gateway.env['QRNG_TLS_KEY_FILE'] ?? '', keyPem);
    gateway.run.child.kill('SIGHUP');
    await until('both show it', async () => {
      const serials = [await serial(), await serial(), await serial(), await serial()];
      return serials.every((shown) => shown !== before);
    });
  });

  test('receipts are in one log, whichever of them draws, and whichever gives them', async () => {
    const logKey = parseVerifierKey((await get('/log/public-key')).text);
    const draws = await Promise.all(
      Array.from({ length: 8 }, () => get('/api/random?bytes=500&encoding=binary&receipt=full')),
    );
    const indices = draws.map(({ headers }) => Number(headers['qrng-receipt']));
    expect(indices.toSorted((a, b) => a - b)).toEqual(draws.map((_, index) => index));
    for (const [at, { body }] of draws.entries()) {
      const { text } = await get(`/api/receipts/${indices[at]}`);
      const { proof, entry, entryBytes, salt, proofs = [] } = parseReceipt(text);
      verifyProof(proof, entryBytes, [logKey]);
      expect(entry.answer).toEqual(salted(salt, body));
      const pieces = entry.lineage.map((piece, nth) => {
        const packetProof = proofs[nth];
        if (packetProof === undefined) throw new Error('no proof of a packet');
        verifyPacket(piece, packetProof, [parseVerifierKey(collector.publicKey)]);
        const { sequence, offset, length } = piece;
        return sent[Number(sequence) - 1]?.subarray(offset, offset + length) ?? Buffer.of();
      });
      expect(Buffer.concat(pieces).equals(body)).toBe(true);
    }
    const [, size] = (await get('/log/checkpoint')).text.split('\n');
    expect(Number(size)).toBe(draws.length);
    expect((await get('/log/tile/entries/000.p/8')).body.length).toBeGreaterThan(8 * 100);
    expect((await get(`/api/receipts/${indices[0]}`, 'daily')).status).toBe(404);
    expect((await get('/api/receipts/99')).status).toBe(404);
    expect((await get('/log/cut')).status).toBe(404);
  });

  test('no byte is served twice and each is accounted for while workers are killed again and again', async () => {
    const seen = new Set<string>();
    let answers = 0;
    let isOver = false;
    const receipts: number[] = [];
    const read = async (_: unknown, nth: number): Promise<void> => {
      const asks = nth === 0;
      while (!isOver) {
        const path = `/api/random?bytes=256&encoding=binary&receipt=${asks}`;
        const answer = await get(path).catch(() => undefined);
        if (answer?.status !== 200) continue;
        answers += 1;
        if (asks) receipts.push(Number(answer.headers['qrng-receipt']));
        for (let at = 0; at + WINDOW <= answer.body.length; at++) {
          const text = answer.body.toString('latin1', at, at + WINDOW);
          if (seen.has(text)) throw new Error('bytes were served twice');
          seen.add(text);
        }
      }
    };
    await gateway.fill(4 * 2 ** 20);
    const readers = Promise.all(Array.from({ length: 4 }, read));
    for (let round = 1; round <= ROUNDS; round++) {
      const before = answers;
      await until('readers get answers', () => answers > before + 20);
      const [worker = 0] = workersOf(gateway);
      process.kill(worker, 'SIGKILL');
      await until(
        'it is replaced',
        () => !workersOf(gateway).includes(worker) && workersOf(gateway).length === 2,
      );
      await until(
        'it is counted',
        async () => (await gateway.metric('qrng_workers_ended_total').catch(() => 0)) === round,
      );
      await gateway.push(gateway.collector.seal(randomBytes(65_536))).catch(() => undefined);
      const { received, accounted } = await balance(gateway);
      expect(accounted).toBe(received);
    }
    isOver = true;
    await readers;
    expect(new Set(receipts).size).toBe(receipts.length);
    expect((await get(`/api/receipts/${receipts.at(-1)}`)).status).toBe(200);
    expect(await gateway.metric('qrng_entropy_discarded_bytes_total{reason="lease"}')).toBeGreaterThan(0);
    expect(gateway.run.log.filter(({ event }) => event === 'worker-ended')).toHaveLength(ROUNDS);
  });

  test('a stream of more than there is begins at each of them: both know what comes in', async () => {
    const { certificatePem } = await testAuthority();
    const begun = async (): Promise<number> => {
      const dispatcher = new Agent({ connect: { ca: certificatePem } });
      const { statusCode, body } = await request(`${gateway.url}/api/stream?bytes=16777216`, {
        dispatcher,
        headers: keys.bearer('reader'),
      });
      body.on('error', () => undefined).destroy();
      await dispatcher.destroy();
      return statusCode;
    };
    await until('six streams begin', async () => {
      await gateway.push(gateway.collector.seal(randomBytes(65_536)));
      return (await Promise.all(Array.from({ length: 6 }, begun))).every((status) => status === 200);
    });
  });

  test('one that cannot listen ends the gateway with its exit code, and says why once', async () => {
    const { host } = new URL(gateway.url);
    const run = new ProcessRun(await gatewayEnvironment({ QRNG_LISTEN_ADDRESS: host, QRNG_WORKERS: '2' }));
    expect(await run.ended).toEqual({ code: 75, signal: null });
    expect(run.errors).toMatch(/^QRNG_LISTEN_ADDRESS must be [^\n]+\(EADDRINUSE\)\n$/);
  });

  test('SIGTERM ends all of them with exit code 0, and the positions stay; a head that is killed takes its workers with it', async () => {
    const packet = gateway.collector.seal(randomBytes(1000));
    expect((await gateway.push(packet)).status).toBe(204);
    const workers = workersOf(gateway);
    expect(workers).toHaveLength(2);
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
    expect(workers.some(isAlive)).toBe(false);

    const again = await start(gateway.env);
    expect([409, 422]).toContain((await again.push(packet)).status);
    const others = workersOf(again);
    await again.run.kill(); // waits until nobody has its output open any more
    await until('they are gone', () => !others.some(isAlive));
    expect(again.run.errors).toBe('');
    await again.close();
  });
});

test.each([
  ['0', {}],
  ['65', {}],
  ['many', {}],
  ['2', { QRNG_REDIS_URL: 'redis://127.0.0.1' }],
])('QRNG_WORKERS=%s is refused with exit code 78', async (workers, env) => {
  const run = new ProcessRun(await gatewayEnvironment({ QRNG_WORKERS: workers, ...env }));
  expect(await run.ended).toEqual({ code: 78, signal: null });
  expect(run.errors).toMatch(/^QRNG_WORKERS must be /);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
