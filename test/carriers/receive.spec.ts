/** The ways in that answer nothing: datagrams and files, good ones, copies, late ones and rubbish. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MAX_PACKET_BYTES } from '#libs/crypto';
import { Receivers } from '../../apps/gateway/src/receive/receivers.service.js';
import { UdpReceiver } from '../../apps/gateway/src/receive/udp.receiver.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { TestCollector } from '../support/test-collector.js';
import { until } from '../support/until.js';

let gateway: TestGateway;
let collector: TestCollector;
afterEach(() => gateway.close());

async function start(receive: string, more: Record<string, string> = {}): Promise<void> {
  gateway = await startGateway({ QRNG_RECEIVE: receive, ...more });
  collector = new TestCollector(gateway.env['QRNG_HMAC_SECRET_KEY'] ?? '');
}

function packets(transport: string, result: string, name = 'collector-1'): Promise<number | undefined> {
  return gateway.metric(
    `qrng_packets_total{collector="${name}",result="${result}",transport="${transport}"}`,
  );
}

async function untilPackets(transport: string, result: string, count: number, name?: string): Promise<void> {
  await until(`${count} ${result}`, async () => ((await packets(transport, result, name)) ?? 0) >= count);
  expect(await packets(transport, result, name)).toBe(count);
}

async function served(bytes: number): Promise<string> {
  const { body } = await gateway.get(`/api/random?bytes=${bytes}&encoding=binary`);
  return body.toString('hex');
}

describe.each(['127.0.0.1', '[::1]'])('udp at %s', (host) => {
  let socket: Socket;
  let port: number;
  beforeEach(async () => {
    await start(`udp://${host}:0`);
    const [receiver] = gateway.app.get(Receivers, { strict: false }).all;
    if (!(receiver instanceof UdpReceiver)) throw new Error('no receiver');
    port = receiver.port;
    socket = createSocket(host === '[::1]' ? 'udp6' : 'udp4');
  });
  afterEach(() => {
    socket.close();
  });

  function send(...datagrams: Buffer[]): void {
    for (const datagram of datagrams) socket.send(datagram, port, host.replace(/[[\]]/g, ''));
  }

  test('takes packets, in the order of sealing though they come in another, and copies once', async () => {
    const data = [1, 2, 3, 4].map(() => randomBytes(100));
    const [one, two, three, four] = data.map((bytes) => collector.seal(bytes)) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ];
    send(three, one, two, two, four, one);
    await untilPackets('udp', 'accepted', 4);
    await untilPackets('udp', 'duplicate', 2);
    expect(await packets('udp', 'replay')).toBe(0);
    expect(await served(400)).toBe(Buffer.concat(data).toString('hex'));
  });

  test('counts what was lost on the way as missing', async () => {
    const [one, , , four] = [1, 2, 3, 4].map(() => collector.seal(randomBytes(100)));
    send(one ?? Buffer.alloc(0), four ?? Buffer.alloc(0));
    await untilPackets('udp', 'accepted', 2);
    expect(await gateway.metric('qrng_sequence_missing_total{collector="collector-1"}')).toBe(2);
  });

  test('a datagram that is no packet of a key holder changes nothing but its counter', async () => {
    const forged = new TestCollector(randomBytes(32).toString('hex')).seal(randomBytes(100));
    const packet = collector.seal(randomBytes(100));
    const damaged = Buffer.from(packet);
    damaged.writeUInt8(damaged.readUInt8(70) ^ 1, 70);
    send(forged, damaged, packet.subarray(0, -1), Buffer.alloc(0), Buffer.from('GET / HTTP/1.1'));
    await untilPackets('udp', 'hmac', 1, 'unverified');
    await untilPackets('udp', 'crc', 1, 'unverified');
    await untilPackets('udp', 'malformed', 3, 'unverified');
    send(packet);
    await untilPackets('udp', 'accepted', 1);
  });

  test('a datagram that is larger than any of a collector is not even checked', async () => {
    const [large, largest] = [collector.seal(randomBytes(8877)), collector.seal(randomBytes(8876))];
    send(large);
    await untilPackets('udp', 'malformed', 1, 'unverified');
    send(largest);
    await untilPackets('udp', 'accepted', 1);
  });

  test('a packet that comes a thousand times is taken once', async () => {
    const packet = collector.seal(randomBytes(100));
    for (let sent = 0; sent < 1000; sent += 100) {
      send(...Array<Buffer>(100).fill(packet));
      await untilPackets('udp', 'duplicate', sent + 99); // no more than the kernel keeps for a socket
    }
    expect(await packets('udp', 'accepted')).toBe(1);
    expect(await served(100)).toBe(packet.subarray(64, 164).toString('hex'));
  });

  test('what comes after those behind it were taken is refused as a replay', async () => {
    const [one, two, three] = [1, 2, 3].map(() => collector.seal(randomBytes(100))) as [
      Buffer,
      Buffer,
      Buffer,
    ];
    send(one, three);
    await untilPackets('udp', 'accepted', 2);
    send(two);
    await untilPackets('udp', 'replay', 1);
    expect(await served(200)).toBe(
      Buffer.concat([one, three].map((packet) => packet.subarray(64, 164))).toString('hex'),
    );
  });

  test('stale and future packets and a full pool are counted as for /push', async () => {
    send(collector.seal(randomBytes(10), { timestamp: BigInt(Date.now() - 400_000) }));
    await untilPackets('udp', 'stale', 1);
    send(collector.seal(randomBytes(10), { timestamp: BigInt(Date.now() + 100_000) }));
    await untilPackets('udp', 'future', 1);
  });
});

describe('a spool', () => {
  let directory: string;
  beforeEach(async () => {
    // As in the product, but a gap does not end while a test takes its time.
    directory = mkdtempSync(join(tmpdir(), 'qrng-spool-'));
    await start(`spool://${directory}`, { QRNG_BUFFER_SIZE: '1000', QRNG_SPOOL_PATIENCE_MS: '60000' });
  });

  /** A file as a mover leaves it: whole at once. */
  function drop(packet: Buffer, name = `collector-1-${collector.boot}-${collector.sequence}.qrng`): string {
    writeFileSync(join(directory, `${name}.part`), packet);
    renameSync(join(directory, `${name}.part`), join(directory, name));
    return name;
  }

  function makeOld(name: string): void {
    utimesSync(join(directory, name), 1, 1);
  }

  test('gives its packets in the order of sealing, each once, and is empty then', async () => {
    const data = Array.from({ length: 12 }, () => randomBytes(50));
    const sealed = data.map((bytes) => ({ packet: collector.seal(bytes), sequence: collector.sequence }));
    for (const { packet, sequence } of sealed.toReversed()) {
      drop(packet, `collector-1-${collector.boot}-${sequence}.qrng`);
      drop(packet, `copy-of-${sequence}.qrng`);
    }
    await untilPackets('spool', 'accepted', 12);
    await untilPackets('spool', 'duplicate', 12);
    await until('the spool is empty', () => readdirSync(directory).length === 0);
    expect(await served(600)).toBe(Buffer.concat(data).toString('hex'));
  });

  test('waits for a file that comes later than those after it', async () => {
    const data = [1, 2, 3].map(() => randomBytes(50));
    const [one, two, three] = data.map((bytes) => ({
      packet: collector.seal(bytes),
      name: `collector-1-${collector.boot}-${collector.sequence}.qrng`,
    }));
    if (one === undefined || two === undefined || three === undefined) throw new Error('three');
    drop(three.packet, three.name);
    drop(one.packet, one.name);
    await untilPackets('spool', 'accepted', 1);
    await until('the one that was taken is deleted', () => readdirSync(directory).join() === three.name);
    drop(two.packet, 'renamed on its way.qrng');
    await untilPackets('spool', 'accepted', 3);
    expect(await served(150)).toBe(Buffer.concat(data).toString('hex'));
  });

  test('keeps what the pool has no room for, and gives it later', async () => {
    const [first, second] = [randomBytes(800), randomBytes(700)];
    drop(collector.seal(first));
    await untilPackets('spool', 'accepted', 1);
    const name = drop(collector.seal(second));
    await until('the pool is full', async () => ((await packets('spool', 'full')) ?? 0) > 0);
    expect(readdirSync(directory)).toEqual([name]);
    expect(await served(800)).toBe(first.toString('hex'));
    await untilPackets('spool', 'accepted', 2);
    expect(await served(700)).toBe(second.toString('hex'));
  });

  test.each([
    ['renamed to', drop],
    ['written into', (packet: Buffer, name = '') => writeFileSync(join(directory, name), packet)],
  ])('a packet that is %s the name of one that waits for room is taken after it', async (_, put) => {
    const [first, second, third] = [randomBytes(800), randomBytes(700), randomBytes(700)];
    drop(collector.seal(first));
    await untilPackets('spool', 'accepted', 1);
    const name = drop(collector.seal(second));
    await until('the pool is full', async () => ((await packets('spool', 'full')) ?? 0) > 0);
    put(collector.seal(third), name);
    expect(await served(800)).toBe(first.toString('hex'));
    await untilPackets('spool', 'accepted', 2);
    expect(await served(700)).toBe(second.toString('hex'));
    await untilPackets('spool', 'accepted', 3);
    expect(await served(700)).toBe(third.toString('hex'));
    await until('the spool is empty', () => readdirSync(directory).length === 0);
  });

  test('moves what is no packet away, once it can no longer be one that is growing', async () => {
    const packet = collector.seal(randomBytes(100));
    const [growing] = [drop(packet.subarray(0, 90), 'growing.qrng')];
    const forged = drop(Buffer.concat([packet.subarray(0, -1), Buffer.from([0])]), 'forged.qrng');
    makeOld(forged);
    drop(Buffer.from('not a packet'), 'rubbish.qrng');
    drop(Buffer.alloc(MAX_PACKET_BYTES + 1), 'large.qrng');
    mkdirSync(join(directory, 'directory.qrng'));
    mkdirSync(join(directory, 'refused/directory.qrng/not-empty'), { recursive: true });
    symlinkSync('/etc/hostname', join(directory, 'link.qrng'));
    execFileSync('mkfifo', [join(directory, 'pipe.qrng')]);
    const all = ['directory.qrng', forged, 'large.qrng', 'link.qrng', 'pipe.qrng', 'rubbish.qrng'];
    await until('rubbish is refused', () =>
      all.every(
        (name) => lstatSync(join(directory, 'refused', name), { throwIfNoEntry: false }) !== undefined,
      ),
    );
    expect(readdirSync(directory)).toContain(growing);
    writeFileSync(join(directory, growing), packet);
    await untilPackets('spool', 'accepted', 1);
    expect(readdirSync(directory)).not.toContain(growing);
  });

  test('a file that cannot be moved away holds up no packet, is counted once, and goes once it can', async () => {
    writeFileSync(join(directory, 'refused'), 'in the way of the directory of that name');
    drop(Buffer.from('not a packet'), 'collector-1-0-0.qrng');
    await untilPackets('spool', 'malformed', 1, 'unverified');
    for (const count of [1, 2, 3]) {
      drop(collector.seal(randomBytes(100)));
      await untilPackets('spool', 'accepted', count);
    }
    expect(readdirSync(directory)).toContain('collector-1-0-0.qrng');
    renameSync(join(directory, 'refused'), join(directory, 'elsewhere'));
    await until('it is moved away', () => !readdirSync(directory).includes('collector-1-0-0.qrng'));
    expect(await packets('spool', 'malformed', 'unverified')).toBe(1);
  });

  test('among thousands of files that are no packets those that are packets are taken', async () => {
    const packet = collector.seal(randomBytes(100));
    for (let index = 0; index < 3000; index += 1) {
      // Named and begun as packets that came before, and still growing as far as anybody can see.
      writeFileSync(join(directory, `collector-1-1-${index}.qrng`), packet.subarray(0, 70));
    }
    drop(packet);
    drop(collector.seal(randomBytes(100)));
    await untilPackets('spool', 'accepted', 2);
    for (const name of readdirSync(directory)) makeOld(name);
    await until(
      'no more than a thousand are kept',
      () =>
        readdirSync(directory).join() === 'refused' && readdirSync(join(directory, 'refused')).length <= 1000,
    );
  });

  test('what is refused is bounded: a file that is larger than all may be goes alone', async () => {
    drop(Buffer.from('small'), 'small.qrng');
    await until('it is refused', () => existsSync(join(directory, 'refused/small.qrng')));
    writeFileSync(join(directory, 'huge'), '');
    truncateSync(join(directory, 'huge'), 2 ** 30);
    renameSync(join(directory, 'huge'), join(directory, 'huge.qrng'));
    mkdirSync(join(directory, 'tree/branch'), { recursive: true });
    writeFileSync(join(directory, 'tree/branch/leaf'), '');
    truncateSync(join(directory, 'tree/branch/leaf'), 2 ** 30);
    renameSync(join(directory, 'tree'), join(directory, 'tree.qrng'));
    await until(
      'both are gone',
      () =>
        readdirSync(directory).join() === 'refused' && readdirSync(join(directory, 'refused')).length === 1,
    );
    expect(readdirSync(join(directory, 'refused'))).toEqual(['small.qrng']);
  });

  test('a second gateway cannot read the same spool, and one that comes after it can', async () => {
    await expect(startGateway({ QRNG_RECEIVE: `spool://${directory}` })).rejects.toThrow(
      'QRNG_RECEIVE must name directories that no other gateway reads',
    );
    expect(canLock(directory)).toBe(false);
    await gateway.close();
    expect(canLock(directory)).toBe(true);
    gateway = await startGateway(gateway.env);
  });

  test('a packet that was taken before a restart is not taken again', async () => {
    const packet = collector.seal(randomBytes(100));
    drop(packet);
    await untilPackets('spool', 'accepted', 1);
    await gateway.close();
    gateway = await startGateway(gateway.env);
    drop(packet);
    await untilPackets('spool', 'replay', 1);
    await until('the spool is empty', () => readdirSync(directory).length === 0);
  });
});

/** Whether another process could lock `directory`, as a gateway of its own would. */
function canLock(directory: string): boolean {
  return spawnSync('flock', ['--nonblock', directory, 'true']).status === 0;
}

test.each([
  'udp://localhost:7000',
  'udp://127.0.0.1',
  'spool://relative',
  'spool:///',
  'tcp://127.0.0.1:1',
  'spool:///no/such/place',
])('QRNG_RECEIVE=%s is refused at the start', async (url) => {
  await expect(startGateway({ QRNG_RECEIVE: url })).rejects.toThrow('QRNG_RECEIVE must');
  gateway = await startGateway();
});
