/** What the collector does with each outcome of a push (contract, section 4), against a receiving end that plays it. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { decodeTelemetry, Keyring, MacKey } from '#libs/crypto';
import {
  lineageLeaf,
  lineageNote,
  lineageRoot,
  openLineage,
  packetDigest,
  parseVerifierKey,
  verifierKey,
} from '#libs/tlog';
import { testAuthority, temporaryFolder } from '../support/gateway.js';
import { startReceiver } from '../support/receiver.js';
import type { Push, Receiver, Step } from '../support/receiver.js';
import { sceneOfEachTest } from '../support/scene.js';
import type { Scene, SceneOptions } from '../support/scene.js';
import { until } from '../support/until.js';

const start = sceneOfEachTest();

/** A scene whose first pushes of entropy are answered by these steps. */
const scripted = (...steps: Step[]): Promise<Scene> =>
  start({ prepare: (receiver) => receiver.script(...steps) });

const pushes = ({ receiver, collector }: Scene, count: number): Promise<Push[]> =>
  until(
    `${count} pushes of entropy`,
    () => receiver.entropy.length >= count && receiver.entropy.slice(0, count),
    {
      describe: () => collector.output,
    },
  );

/** Whether what arrived is what the appliance gave, but for its first `skipped` bytes. */
function isGiven({ appliances, receiver }: Scene, skipped = 0): boolean {
  const given = appliances[0]?.given() ?? Buffer.alloc(0);
  return receiver.bytes.equals(given.subarray(skipped, skipped + receiver.bytes.length));
}

/** Ends the collector and holds what arrived against what the appliance gave: each byte once, in order. */
async function expectAllDelivered(running: Scene): Promise<void> {
  const { fetched, delivered, dropped, unaccounted, code } = await running.collector.stop();
  expect({ code, unaccounted, dropped, delivered }).toEqual({
    code: 0,
    unaccounted: 0,
    dropped: {},
    delivered: fetched,
  });
  expect(running.receiver.bytes.length).toBe(fetched);
  expect(isGiven(running)).toBe(true);
}

const chunks = (bytes: Buffer, size: number): Buffer[] =>
  Array.from({ length: bytes.length / size }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
const numbers = (list: readonly Push[]): bigint[] => list.map(({ packet }) => packet.sequence);
const status = (code: number, headers: Record<string, string> = {}): Step => ({ status: code, headers });

describe('a gateway that takes everything', () => {
  test('gets each byte once and in order, numbered from 1, as octet-stream over TLS 1.3', async () => {
    const running = await start();
    await pushes(running, 5);
    await expectAllDelivered(running);
    const { pushes: all, connections } = running.receiver;
    expect(numbers(all)).toEqual(all.map((_, index) => BigInt(index + 1)));
    expect(new Set(all.map(({ contentType }) => contentType))).toEqual(new Set(['application/octet-stream']));
    expect(connections).toBeLessThan(3); // kept alive
  });

  test('hears first how the collector is, and then at every interval while entropy flows', async () => {
    const { receiver } = await start({ env: { QRNG_HEARTBEAT_INTERVAL_MS: '300' } });
    const heartbeats = () => receiver.pushes.filter(({ packet }) => packet.type === 'heartbeat');
    await until('three heartbeats', () => heartbeats().length >= 3);
    expect(receiver.pushes[0]?.packet.type).toBe('heartbeat');
    const telemetry = heartbeats().map(({ packet }) => decodeTelemetry(packet.data));
    expect(telemetry[0]).toMatchObject({ version: '1.0.0', bufferCapacity: 1048576, dropped: {} });
    expect(telemetry.at(-1)?.sources).toMatchObject([{ up: true, state: 'up', healthFailures: {} }]);
    expect(telemetry.at(-1)?.sources[0]?.name).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(telemetry.at(-1)?.sources[0]?.certificateExpiresAt).toBeGreaterThan(Date.now());
    const startedAt = Number(receiver.pushes[0]?.packet.boot);
    expect(telemetry.at(-1)).toMatchObject({ startedAt, clockSteps: 0, logLinesLost: 0 });
    expect(telemetry.at(-1)?.deliveredBytes).toBeGreaterThan(0);
  });

  test('gets a signed statement about every packet, with a key that the log shows', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const running = await start({
      env: {
        QRNG_SIGNING_KEY: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
        QRNG_PUSH_INTERVAL_MS: '20',
      },
    });
    const { publicKey } = await running.collector.logged('started');
    const key = parseVerifierKey(String(publicKey));
    expect(publicKey).toBe(verifierKey({ name: 'collector-1', key: privateKey }));
    const { receiver } = running;
    const statements = await until('two statements', () => {
      const stated = receiver.accepted.flatMap(({ type, data }) => {
        const { lineage } = type === 'heartbeat' ? decodeTelemetry(data) : {};
        return lineage === undefined ? [] : [lineage];
      });
      return stated.length >= 2 && stated;
    });
    let next: bigint | undefined;
    for (const { boot, from, to, roots, signature } of statements) {
      const stated = { collector: 'collector-1', boot: BigInt(boot), from: BigInt(from), to: BigInt(to) };
      const root = lineageRoot(chunks(Buffer.from(roots, 'base64'), 32));
      openLineage(lineageNote({ ...stated, root }, signature), [key]);
      const sent = new Map(receiver.entropy.map(({ packet }) => [packet.sequence, packetDigest(packet)]));
      const leaves: Buffer[] = [];
      for (let sequence = stated.from; sequence <= stated.to; sequence += 1n) {
        leaves.push(lineageLeaf(sequence, sent.get(sequence)));
      }
      expect(lineageRoot(leaves)).toEqual(root);
      const between = receiver.entropy.map(({ packet }) => packet.sequence);
      expect(between.filter((one) => next !== undefined && one >= next && one < stated.from)).toEqual([]);
      next = stated.to + 1n;
    }
  });

  test('gets entropy in turn with heartbeats where these are due again as soon as one was answered', async () => {
    const running = await start({
      env: { QRNG_HEARTBEAT_INTERVAL_MS: '10', QRNG_PUSH_INTERVAL_MS: '1' },
      prepare: (receiver) => (receiver.latencyMs = 30),
    });
    await pushes(running, 5);
    const types = running.receiver.pushes.map(({ packet }) => packet.type);
    expect(types.filter((type) => type === 'heartbeat').length).toBeGreaterThanOrEqual(5);
    await expectAllDelivered(running);
  });

  test('gets a packet as soon as one is full, long before the interval', async () => {
    const env = {
      QRNG_PUSH_INTERVAL_MS: '600000',
      QRNG_PUSH_MAX_BYTES: '20000',
      QRNG_FETCH_INTERVAL_MS: '0',
    };
    const running = await start({ env });
    const [, second, third] = await pushes(running, 3);
    expect([second?.packet.data.length, third?.packet.data.length]).toEqual([20000, 20000]);
  });
});

describe('bytes that were refused at the first attempt', () => {
  test.each([507, 503])(
    'are kept and sealed again after %i: nothing is lost, no number is left out',
    async (code) => {
      const running = await scripted(status(code, { 'retry-after': '0' }), status(code));
      const [first, second, third] = await pushes(running, 3);
      expect(second?.packet).toMatchObject({ sequence: first?.packet.sequence, data: first?.packet.data });
      expect(third?.packet.sequence).toBe(first?.packet.sequence);
      await expectAllDelivered(running);
      const taken = running.receiver.accepted.map(({ sequence }) => sequence);
      expect(taken).toEqual(taken.map((_, index) => BigInt(index + 1)));
    },
  );

  test('wait for as long as Retry-After asks, up to the longest back-off', async () => {
    const running = await start({
      env: { QRNG_MAX_BACKOFF_MS: '1500' },
      prepare: (receiver) =>
        receiver.script(status(503, { 'retry-after': '1' }), status(503, { 'retry-after': '86400' })),
    });
    const [first, second, third] = await pushes(running, 3);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(990);
    expect((third?.at ?? 0) - (second?.at ?? 0)).toBeGreaterThanOrEqual(1490);
    await expectAllDelivered(running);
  });

  test('are dropped by 400, 413, 415 and 422, each with an error in the log, and the next packet follows', async () => {
    const events = ['push-refused', 'push-refused', 'push-refused', 'push-stale'];
    const codes = [400, 413, 415, 422];
    const running = await scripted(...codes.map((code) => status(code)));
    const attempts = await pushes(running, 5);
    const { dropped, unaccounted } = await running.collector.stop();
    const logged = running.collector.log.filter(({ level }) => level === 50);
    expect(logged.map(({ event, status: code }) => [event, code])).toEqual(
      events.map((event, i) => [event, codes[i]]),
    );
    const sizes = attempts.slice(0, 4).map(({ packet }) => packet.data.length);
    expect(logged.map(({ bytes }) => bytes)).toEqual(sizes);
    const first = numbers(attempts)[0] ?? 0n;
    expect(numbers(attempts)).toEqual([0n, 1n, 2n, 3n, 4n].map((step) => first + step));
    const lost = sizes.reduce((sum, bytes) => sum + bytes, 0);
    expect({ dropped, unaccounted }).toEqual({ dropped: { refused: lost }, unaccounted: 0 });
    expect(isGiven(running, lost)).toBe(true);
  });

  test('end the run by 409: another one uses its numbers, and has perhaps sent what is on hand', async () => {
    // A full buffer, so that there is something to go on with.
    const running = await start({
      env: { QRNG_PUSH_MAX_BYTES: '1000', QRNG_BUFFER_SIZE: '40000', QRNG_FETCH_INTERVAL_MS: '0' },
      prepare: (receiver) => (receiver.otherwise = status(503)),
    });
    const given = (): number => running.appliances[0]?.simulator.delivered ?? 0;
    await until('the buffer is full', () => given() >= 40_000);
    const refused = running.receiver.entropy.length;
    running.receiver.script(status(409));
    running.receiver.otherwise = undefined;
    const next = await until(
      'a packet after the 409',
      () => running.receiver.entropy.slice(refused + 1).find(({ packet }) => packet.sequence > 1n),
      { describe: () => running.collector.output },
    );
    const [before] = running.receiver.pushes;
    expect(next.packet.boot).toBeGreaterThan(before?.packet.boot ?? 0n);
    const { dropped, unaccounted } = await running.collector.stop();
    expect(unaccounted).toBe(0);
    expect(running.collector.events('push-replayed')).toMatchObject([{ level: 50, status: 409 }]);
    const { replayed = 0 } = dropped as Record<string, number>;
    expect(replayed).toBeGreaterThan(30_000);
    expect(isGiven(running, replayed)).toBe(true);
  });

  test('are kept by 401 with an error in the log; nothing else is sealed until the key changes on disk', async () => {
    const keyFile = join(temporaryFolder(), 'hmac');
    const [wrong, right] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];
    writeFileSync(keyFile, wrong);
    const running = await start({
      env: {
        QRNG_HMAC_SECRET_KEY: undefined,
        QRNG_HMAC_SECRET_KEY_FILE: keyFile,
        QRNG_MAX_BACKOFF_MS: '600000',
      },
      prepare: (receiver) => (receiver.keys = new Keyring([MacKey.fromHex(right)])),
    });
    expect(await running.collector.logged('push-unauthorized')).toMatchObject({ level: 50, status: 401 });
    await until('the collector fetched', () => (running.appliances[0]?.simulator.requests ?? 0) > 10);
    expect(running.receiver.unopened).toBe(1); // slowly: the next attempt would be in ten minutes
    writeFileSync(`${keyFile}.new`, `${right}\n`);
    renameSync(`${keyFile}.new`, keyFile);
    running.collector.signal('SIGHUP');
    await pushes(running, 1);
    await expectAllDelivered(running);
    expect(running.collector.events('credentials-reloaded')).toHaveLength(1);
  });
});

describe('bytes of unknown fate', () => {
  test('go out again as they were sealed, whatever spoke instead of the gateway', async () => {
    const other = await startReceiver(randomBytes(32).toString('hex'));
    const running = await scripted(
      'lose',
      status(500),
      status(200),
      { status: 200, body: 'x'.repeat(100_000) },
      status(204, { 'x-padding': 'x'.repeat(65_536) }), // more headers than are read
      status(308, { location: other.url }),
      status(503),
      status(507),
      status(401),
    );
    const attempts = await pushes(running, 11);
    for (const { raw } of attempts.slice(1, 10)) expect(raw).toEqual(attempts[0]?.raw);
    expect(numbers(attempts)[10]).toBe((numbers(attempts)[0] ?? 0n) + 1n);
    expect(other.connections).toBe(0);
    await other.close();
    await expectAllDelivered(running);
  });

  test('stay so when a proxy speaks after the gateway took the packet: none is sealed again, none is served twice', async () => {
    const page = '<html>503 Service Unavailable</html>';
    const proxy = (answer: string): Step => ({ take: true, raw: (socket) => void socket.end(answer) });
    const running = await scripted(
      proxy(`HTTP/1.1 503 x\r\nContent-Length: ${page.length}\r\n\r\n${page}`),
      proxy('HTTP/1.1 503 x\r\nServer: proxy\r\nContent-Length: 0\r\n\r\n'),
      proxy('HTTP/1.1 400 x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
    );
    const attempts = await pushes(running, 5);
    // The same packet until the gateway itself says that it has it (409).
    for (const { raw } of attempts.slice(1, 4)) {
      expect(raw.equals(attempts[0]?.raw ?? Buffer.alloc(0))).toBe(true);
    }
    expect(numbers(attempts)[4]).toBe((numbers(attempts)[0] ?? 0n) + 1n);
    await expectAllDelivered(running);
  });

  test.each([
    ['interim answers', `HTTP/1.1 103 x\r\nLink: </${'x'.repeat(500)}>\r\n\r\n`, ''],
    ['a reason phrase', 'x'.repeat(1000), 'HTTP/1.1 204 '],
    ['headers', `X-Padding: ${'x'.repeat(500)}\r\n`, 'HTTP/1.1 204 x\r\n'],
    ['a body', 'x'.repeat(1000), 'HTTP/1.1 204 x\r\nContent-Length: 9999999999\r\n\r\n'],
  ])(
    'are sent again at once where %s without end come back, of which next to nothing is read',
    async (_, piece, start) => {
      const taken: Socket[] = [];
      const flood = (socket: Socket): void => {
        taken.push(socket);
        socket.on('error', () => undefined).write(start);
        const more = (): void => {
          while (!socket.destroyed && socket.write(piece.repeat(100)));
        };
        socket.on('drain', more);
        more();
      };
      const running = await scripted({ raw: flood }, { raw: flood });
      const attempts = await pushes(running, 4);
      expect(attempts[1]?.raw).toEqual(attempts[0]?.raw);
      const [unsettled] = running.collector.events('push-unsettled');
      expect(unsettled?.['reason']).not.toBe('timeout'); // none had to end it
      // What the kernels of both ends buffer, and what a look each 100 ms lets through.
      for (const socket of taken) expect(socket.bytesWritten - socket.writableLength).toBeLessThan(8_000_000);
      await expectAllDelivered(running);
    },
  );

  test('that the gateway did take are settled by 409: once there, counted once', async () => {
    const running = await scripted('take and lose', status(503));
    const attempts = await pushes(running, 4);
    expect(attempts[2]?.raw).toEqual(attempts[0]?.raw);
    await expectAllDelivered(running);
    expect(running.collector.events('push-replayed')).toEqual([]);
  });

  test('wait for as long as a full pool asks, also when the collector ends', async () => {
    const running = await start({
      env: { QRNG_MAX_BACKOFF_MS: '60000' },
      prepare: (receiver) => {
        receiver.script('lose');
        receiver.otherwise = status(507, { 'retry-after': '60' });
      },
    });
    const [first, second] = await pushes(running, 2);
    expect(second?.raw).toEqual(first?.raw);
    await new Promise((wake) => setTimeout(wake, 1000));
    expect(running.receiver.entropy.length).toBe(2);
    const { code, fetched, dropped, unaccounted } = await running.collector.stop();
    expect(running.receiver.entropy.length).toBe(3); // one more attempt as it ends
    expect({ code, dropped, unaccounted }).toEqual({
      code: 0,
      dropped: { shutdown: fetched },
      unaccounted: 0,
    });
  });

  test('go out again when no answer comes within ten seconds', async () => {
    const running = await scripted('hang');
    const [first, second] = await pushes(running, 2);
    expect(second?.raw).toEqual(first?.raw);
    await expectAllDelivered(running);
  });

  test('are given up by 422, and by no other answer that says that they were not taken', async () => {
    const running = await scripted('lose', ...[400, 413, 415, 422].map((code) => status(code)));
    const attempts = await pushes(running, 6);
    for (const { raw } of attempts.slice(1, 5)) expect(raw).toEqual(attempts[0]?.raw);
    const lost = attempts[0]?.packet.data.length ?? 0;
    expect(await running.collector.stop()).toMatchObject({ dropped: { unknown: lost }, unaccounted: 0 });
    expect(running.collector.events('push-given-up')).toMatchObject([{ level: 50, bytes: lost }]);
    expect(numbers(attempts)[5]).toBe((numbers(attempts)[0] ?? 0n) + 1n);
  });
});

describe('a full pool', () => {
  const env = { QRNG_HEARTBEAT_INTERVAL_MS: '100' };
  const full = (receiver: Receiver): void => {
    receiver.otherwise = status(507, { 'retry-after': '0' });
  };
  const heartbeatsTaken = ({ receiver }: Scene): number =>
    receiver.accepted.filter(({ type }) => type === 'heartbeat').length;

  test('still hears heartbeats, and gets all bytes once there is room, without a gap in the numbers', async () => {
    const running = await start({ env, prepare: full });
    await until('heartbeats while the pool is full', () => heartbeatsTaken(running) > 3);
    expect(running.receiver.bytes.length).toBe(0);
    running.receiver.otherwise = undefined;
    await pushes(running, running.receiver.entropy.length + 3);
    await expectAllDelivered(running);
    const taken = running.receiver.accepted.map(({ sequence }) => sequence);
    expect(taken).toEqual(taken.map((_, index) => BigInt(index + 1)));
    expect(running.collector.events('push-full')).toHaveLength(1); // said once, not at each attempt
  });

  test('stops the fetching when the buffer is full, too', async () => {
    const small = { QRNG_BUFFER_SIZE: '40000', QRNG_PUSH_MAX_BYTES: '10000' };
    const running = await start({ env: { ...env, ...small }, prepare: full });
    const fetched = (): number => running.appliances[0]?.simulator.delivered ?? 0;
    await until('the buffer is full', () => fetched() >= 32_768);
    const seen = heartbeatsTaken(running);
    await until('more heartbeats', () => heartbeatsTaken(running) > seen + 5);
    expect(fetched()).toBeLessThanOrEqual(50_000); // the buffer and the packet on its way
  });
});

test('what waits to be sent again is dropped with the source that it is from', async () => {
  const running = await start({
    prepare: (receiver) => (receiver.otherwise = status(507, { 'retry-after': '0' })),
  });
  await pushes(running, 2);
  running.appliances[0]?.simulator.plan({ kind: 'stuck-bit', value: 0, times: 1 });
  await running.collector.logged('push-withdrawn');
  const bad = running.receiver.entropy.map(({ packet }) => packet.data.toString('hex'));
  running.receiver.otherwise = undefined;
  await until('new bytes', () => running.receiver.bytes.length > 0);
  const { dropped, unaccounted } = await running.collector.stop();
  expect(unaccounted).toBe(0);
  expect((dropped as Record<string, number>)['quarantine']).toBeGreaterThan(8192);
  const taken = running.receiver.accepted.map(({ data }) => data.toString('hex'));
  expect(taken.filter((data) => data !== '' && bad.includes(data))).toEqual([]);
});

describe('the size of a packet', () => {
  test('grows to what waits where round trips are long', async () => {
    const running = await start({
      env: { QRNG_FETCH_INTERVAL_MS: '0', QRNG_FETCH_CHUNK_SIZE: '65536', QRNG_PUSH_MAX_BYTES: '16384' },
      prepare: (receiver) => (receiver.latencyMs = 100),
    });
    await until('a packet of half a mebibyte', () =>
      running.receiver.entropy.some(({ packet }) => packet.data.length >= 512 * 1024),
    );
    expect(running.receiver.entropy[0]?.packet.data.length).toBeLessThanOrEqual(16_384);
    await expectAllDelivered(running);
  });

  test('shrinks to what a small pool has room for: nothing is lost, and no number is left out', async () => {
    const running = await start({
      env: { QRNG_PUSH_MAX_BYTES: '65536', QRNG_PUSH_INTERVAL_MS: '300' },
      prepare: (receiver) => (receiver.room = 3000),
    });
    await until(
      'three packets',
      () => running.receiver.accepted.filter(({ type }) => type === 'entropy').length > 2,
    );
    running.receiver.room = Infinity;
    await expectAllDelivered(running);
    const taken = running.receiver.accepted.map(({ sequence }) => sequence);
    expect(taken).toEqual(taken.map((_, index) => BigInt(index + 1)));
  });
});

describe('the connection', () => {
  test.each<[string, RegExp, () => Promise<SceneOptions>]>([
    [
      'does not speak TLS 1.3',
      /another version of TLS/,
      async () => ({ receiver: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } }),
    ],
    [
      'shows a certificate for another name',
      /does not have the host of QRNG_PUSH_URL/,
      async () => {
        const issued = await (await testAuthority()).issue({ commonName: 'other', hosts: ['other.example'] });
        return { receiver: { cert: issued.certificatePem, key: issued.keyPem } };
      },
    ],
    [
      'shows a certificate of an unknown CA, even if Node is set to verify nothing',
      /is not in QRNG_PUSH_CA_FILE/,
      async () => ({
        env: { QRNG_PUSH_CA_FILE: await foreignCa(), NODE_TLS_REJECT_UNAUTHORIZED: '0' },
      }),
    ],
  ])(
    'carries nothing to a gateway that %s; the bytes are kept, and the log says where to look',
    async (_, advice, options) => {
      const running = await start(await options());
      const line = await running.collector.logged('push-unreachable');
      expect(line).toMatchObject({ advice: expect.stringMatching(advice) });
      await until('the collector fetched', () => (running.appliances[0]?.simulator.requests ?? 0) > 5);
      expect(running.receiver.pushes).toEqual([]);
    },
  );

  test('shows the client certificate where there is one', async () => {
    const folder = temporaryFolder();
    const issued = await (await testAuthority()).issue({ commonName: 'collector', client: true });
    writeFileSync(join(folder, 'cert.pem'), issued.certificatePem);
    writeFileSync(join(folder, 'key.pem'), issued.keyPem);
    const env = {
      QRNG_PUSH_CERT_FILE: join(folder, 'cert.pem'),
      QRNG_PUSH_KEY_FILE: join(folder, 'key.pem'),
    };
    expect((await pushes(await start({ env }), 1))[0]?.authorized).toBe(true);
  });

  test('comes back after an outage of the gateway without the loss of a byte', async () => {
    const running = await start();
    await pushes(running, 2);
    const port = Number(new URL(running.receiver.url).port);
    await running.receiver.close();
    await running.collector.logged('push-unreachable');
    const successor = await startReceiver(running.hmacKey, {}, port);
    await until('packets after the outage', () => successor.entropy.length >= 3);
    const { fetched, delivered, dropped, code } = await running.collector.stop();
    expect({ code, dropped, delivered }).toEqual({ code: 0, dropped: {}, delivered: fetched });
    const arrived = Buffer.concat([running.receiver.bytes, successor.bytes]);
    expect(
      arrived.equals(running.appliances[0]?.given().subarray(0, arrived.length) ?? Buffer.alloc(0)),
    ).toBe(true);
    await successor.close();
  });

  test('seals no entropy until the gateway was reached, whose state may begin only then', async () => {
    const running = await start({ prepare: (receiver) => void receiver.close() });
    await running.collector.logged('push-unreachable');
    await until('bytes to send', () => (running.appliances[0]?.given().length ?? 0) > 0);
    const begins = Date.now();
    const gateway = await startReceiver(running.hmacKey, {}, Number(new URL(running.receiver.url).port));
    await until('entropy', () => gateway.entropy.length > 0);
    expect(gateway.pushes[0]?.packet.type).toBe('heartbeat');
    expect(gateway.entropy[0]?.packet.timestamp).toBeGreaterThanOrEqual(BigInt(begins));
    expect(gateway.entropy[0]?.packet.age).toBe(0);
    await gateway.close();
  });
});

async function foreignCa(): Promise<string> {
  const { createAuthority } = await import('../../tools/certificates/authority.js');
  const path = join(temporaryFolder(), 'foreign.pem');
  writeFileSync(path, (await createAuthority('foreign')).certificatePem);
  return path;
}
