/**
 * `qrng feed` between a real gateway and readers that know every byte the gateway has: what they get is in its order, and no byte
 * comes twice. Needs `npm run build`.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { describeWith } from '../support/programs.js';
import { freePort } from '../support/free-port.js';
import { startGateway, temporaryFolder } from '../support/gateway.js';
import type { Environment, TestGateway } from '../support/gateway.js';
import { consumerEnvironment, QrngRun } from '../support/qrng-command.js';
import { until } from '../support/until.js';

let gateway: TestGateway;
let env: Environment;
/** All that the gateway has, in its order. */
const entropy = randomBytes(2 * 1024 * 1024);
const folder = temporaryFolder();
let feed: QrngRun;

beforeAll(async () => {
  gateway = await startGateway();
  env = await consumerEnvironment(gateway);
  for (let at = 0; at < entropy.length; at += 1024 * 1024) {
    await gateway.push(gateway.collector.seal(entropy.subarray(at, at + 1024 * 1024)));
  }
});
afterEach(async () => {
  expect(await feed.stop()).toBe(0);
  expect(feed.stderr).toMatch(/stopped\n$/);
});
afterAll(() => gateway.close());

async function start(...args: string[]): Promise<void> {
  await startWith(env, ...args);
}

async function startWith(environment: Environment, ...args: string[]): Promise<void> {
  feed = new QrngRun(['feed', ...args], environment);
  await feed.said(args[0] === '--kernel' ? 'every' : 'bytes a second');
}

/** Where in the gateway's entropy these bytes are; they are nowhere else. */
function place(bytes: Buffer): number {
  const at = entropy.indexOf(bytes);
  if (at === -1) throw new Error('these bytes are not of the gateway, or not in its order');
  return at;
}

const served = async () => (await gateway.metric('qrng_entropy_served_bytes_total{client="client-1"}')) ?? 0;

describe('--kernel', () => {
  test('writes 64 bytes at once, and again after the time that it was given', async () => {
    const before = await served();
    await start('--kernel', '--every', '1');
    await until('three writes', async () => (await served()) >= before + 3 * 64);
    expect(((await served()) - before) % 64).toBe(0);
  });
});

describe('--fifo', () => {
  /** Reads exactly this many bytes, as `head -c` does. */
  async function read(path: string, count: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    const stream = createReadStream(path, { end: count - 1 });
    for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  test('gives each reader new bytes, in the order of the gateway', async () => {
    const path = join(folder, 'one.fifo');
    await start('--fifo', path, '--limit', '1000000');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const first = await read(path, 100_000);
    const second = await read(path, 50_000);
    // What is written while the first one leaves is lost, so that there may be a hole in what the second one gets.
    const [begin, end] = [second.subarray(0, 16), second.subarray(-16)].map(place);
    expect(begin).toBeGreaterThanOrEqual(place(first) + first.length);
    expect(end).toBeGreaterThanOrEqual((begin ?? 0) + second.length - 16);
  });

  test('holds its reader to the limit', async () => {
    const path = join(folder, 'slow.fifo');
    await start('--fifo', path, '--limit', '1000');
    const begin = performance.now();
    await read(path, 3000);
    expect(performance.now() - begin).toBeGreaterThan(1900); // 3000 bytes, less than the last two writes of 512
  });

  test('takes no more of the gateway than is kept at hand while nobody reads', async () => {
    const before = await served();
    await start('--fifo', join(folder, 'unread.fifo'));
    await until('bytes are at hand', async () => (await served()) > before);
    await setTimeout(500);
    expect((await served()) - before).toBe(4096);
  });

  test('ends at once when the gateway refuses the key, also while nobody reads', async () => {
    const wrong = { ...env, QRNG_API_KEY: 'k'.repeat(43) };
    const { code, stderr } = await new QrngRun(['feed', '--fifo', join(folder, 'refused')], wrong).ended;
    expect([code, stderr]).toEqual([77, expect.stringContaining('Send a valid API key')]);
  });

  test('says that the pipe cannot be made, and nothing of the gateway', async () => {
    const { code, stderr } = await new QrngRun(['feed', '--fifo', join(folder, 'no', 'pipe')], env).ended;
    expect([code, stderr.trim().split('\n')]).toEqual([
      73,
      [expect.stringContaining('cannot make the pipe')],
    ]);
  });

  test('refuses a file', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'precious');
    const run = new QrngRun(['feed', '--fifo', path], env);
    const { code, stderr } = await run.ended;
    expect(code).toBe(73);
    expect(stderr).toContain('is no pipe');
    expect(readFileSync(path, 'utf8')).toBe('precious');
    await start('--kernel');
  });
});

describeWith(['rngd'], 'rngd of rng-tools', () => {
  test('reads the pipe while the gateway is away, and goes on when it comes', async () => {
    const path = join(folder, 'rngd.fifo');
    const port = await freePort();
    await startWith({ ...env, QRNG_URL: `https://localhost:${port}` }, '--fifo', path, '--limit', '1000000');
    const sources = ['--no-drng=1', '--no-tpm=1', '-r', path];
    const rngd = spawn('rngd', ['-f', ...sources, '-p', join(folder, 'rngd.pid')], {
      env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` },
      stdio: 'ignore',
    });
    await feed.said('has a reader');
    const readBytes = () => Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${rngd.pid}/io`, 'utf8'))?.[1]);
    const before = readBytes();
    const late = await startGateway({
      QRNG_LISTEN_ADDRESS: `127.0.0.1:${port}`,
      QRNG_API_KEY: gateway.apiKey,
    });
    await late.fill(1024 * 1024);
    // It reads 8 bytes at its start and 2500 for each of its FIPS tests.
    await until('rngd has tested a block', () => readBytes() - before >= 2500, { ms: 40_000 });
    rngd.kill('SIGKILL');
    await once(rngd, 'close');
    await late.close();
    expect(feed.stderr).toContain('trying again until the gateway answers');
    expect(feed.stderr).toContain('the gateway answers again');
  }, 60_000);
});

describe('--egd', () => {
  const path = join(folder, 'egd.sock');
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  /** A client of the protocol. */
  async function connect(): Promise<{
    send: (...bytes: number[]) => void;
    receive: (count: number) => Promise<Buffer>;
  }> {
    const socket = createConnection(path);
    sockets.push(socket);
    await once(socket, 'connect');
    let input = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => (input = Buffer.concat([input, chunk])));
    const receive = (count: number): Promise<Buffer> =>
      until(`${count} bytes`, () => {
        if (socket.closed) throw new Error('the server has hung up');
        if (input.length < count) return undefined;
        const bytes = input.subarray(0, count);
        input = input.subarray(count);
        return bytes;
      });
    return { send: (...bytes) => socket.write(Buffer.from(bytes)), receive };
  }

  test('answers each command, in order, also when several come at once', async () => {
    await start('--egd', path, '--limit', '1000000');
    const { send, receive } = await connect();
    await until('bytes are at hand', async () => {
      send(0);
      return (await receive(4)).readUInt32BE() > 0;
    });
    send(1, 16);
    expect(await receive(1)).toEqual(Buffer.of(16));
    const first = await receive(16);
    send(2, 255, 2, 255, 3, 0, 16, 2, 0xaa, 0xbb, 2, 1, 2, 0, 1, 0);
    const rest = await receive(255 + 255 + 1);
    expect(await receive(1)).toEqual(Buffer.of(0));
    expect(place(Buffer.concat([first, rest]))).toBeGreaterThanOrEqual(0);
  });

  test('commands may come in pieces', async () => {
    await start('--egd', path);
    const { send, receive } = await connect();
    for (const byte of [3, 0, 8, 1, 9, 2, 32]) {
      send(byte);
      await setTimeout(5);
    }
    expect(place(await receive(32))).toBeGreaterThanOrEqual(0);
  });

  test('two clients never get the same bytes', async () => {
    await start('--egd', path, '--limit', '1000000');
    const clients = await Promise.all([1, 2, 3].map(connect));
    const pieces: Buffer[] = [];
    await Promise.all(
      clients.map(async ({ send, receive }) => {
        for (let i = 0; i < 100; i++) {
          send(2, 200);
          pieces.push(await receive(200));
        }
      }),
    );
    const places = pieces.map(place).sort((a, b) => a - b);
    expect(places).toHaveLength(300);
    places.forEach((at, i) => expect(at - (places[i - 1] ?? -200)).toBeGreaterThanOrEqual(200));
  });

  test('a client that gets all it may does not slow down another', async () => {
    await start('--egd', path, '--limit', '1000');
    const [greedy, modest] = [await connect(), await connect()];
    for (let i = 0; i < 100; i++) greedy.send(2, 255);
    const begin = performance.now();
    await greedy.receive(255 * 4);
    const elapsed = performance.now() - begin;
    expect(elapsed).toBeGreaterThan(3 * 255 - 10); // one command at once, each further one paid for
    modest.send(0, 1, 200);
    expect((await modest.receive(4)).readUInt32BE()).toBeGreaterThan(0);
    expect(await modest.receive(1)).toEqual(Buffer.of(200));
    greedy.send(0); // answered after all it asked for, so not now
  });

  test('a client at its limit hears that nothing is there', async () => {
    await start('--egd', path, '--limit', '1');
    const { send, receive } = await connect();
    send(2, 100);
    await receive(100);
    send(0, 1, 100);
    expect(await receive(5)).toEqual(Buffer.alloc(5));
  });

  test('a byte that is no command ends its connection, and no other', async () => {
    await start('--egd', path);
    const [good, bad] = [await connect(), await connect()];
    bad.send(0x47);
    await expect(bad.receive(1)).rejects.toThrow('hung up');
    good.send(2, 8);
    expect(await good.receive(8)).toHaveLength(8);
    expect(feed.stderr).toContain('0x47 is no command of EGD');
  });

  test('a client that goes while it waits makes room for others', async () => {
    const port = await freePort();
    await startWith({ ...env, QRNG_URL: `https://localhost:${port}` }, '--egd', path);
    for (let i = 0; i < 64; i++) {
      const { send } = await connect();
      send(2, 255, 2, 255);
    }
    await feed.said('there are 64');
    for (const socket of sockets.splice(0)) socket.destroy();
    await feed.said('went; there are 0');
  });

  test('takes over a socket that nobody listens at, and no other', async () => {
    const taken = join(folder, 'taken.sock');
    const server = createServer().listen(taken);
    await once(server, 'listening');
    const refused = await new QrngRun(['feed', '--egd', taken], env).ended;
    server.close();
    expect(refused.code).toBe(73);
    expect(refused.stderr).toContain('another process does');

    const killed = new QrngRun(['feed', '--egd', path], env);
    await killed.said('EGD socket');
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect(existsSync(path)).toBe(true);
    await start('--egd', path);
    const { send, receive } = await connect();
    send(2, 8);
    expect(await receive(8)).toHaveLength(8);
  });

  test('leaves no socket behind', async () => {
    await start('--egd', path);
    expect(await feed.stop()).toBe(0);
    expect(existsSync(path)).toBe(false);
  });
});

test.each(['--kernel', '--fifo', '--egd'])('%s ends with 77 when the key is refused', async (target) => {
  const place = target === '--kernel' ? [] : [join(folder, `refused${target}`)];
  const run = new QrngRun(['feed', target, ...place], { ...env, QRNG_API_KEY: 'x'.repeat(32) });
  if (target === '--fifo') {
    await run.said('pipe at');
    createReadStream(place[0] ?? '').on('error', () => undefined);
  }
  if (target === '--egd') {
    await run.said('EGD socket');
    const socket = createConnection(place[0] ?? '').on('error', () => undefined);
    socket.write(Buffer.of(2, 1));
  }
  expect((await run.ended).code).toBe(77);
  await start('--kernel');
});
