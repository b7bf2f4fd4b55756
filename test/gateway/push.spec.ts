/** POST /push from outside: each row of the contract's table, the frozen packets, and what a refusal leaves behind: nothing. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_PACKET_BYTES } from '#libs/crypto';
import type { PacketFields } from '#libs/crypto';
import { startGateway, testAuthority } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { TestCollector } from '../support/test-collector.js';

interface Vectors {
  key1: string;
  good: { name: string; key: string; packet: string }[];
  bad: { name: string; expect: string; packet: string }[];
}
const vectors = JSON.parse(readFileSync('test/vectors/packet-vectors.json', 'utf8')) as Vectors;
const MINUTE = 60_000n;
const STATUS: Record<string, number> = { malformed: 400, crc: 400, hmac: 401 };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ QRNG_HMAC_SECRET_KEY: vectors.key1, QRNG_BUFFER_SIZE: '1000' });
});
afterAll(() => gateway.close());

const received = async (): Promise<number> =>
  (await gateway.metric('qrng_entropy_received_bytes_total')) ?? NaN;
const someone = (): TestCollector => new TestCollector(vectors.key1, `c-${randomBytes(6).toString('hex')}`);
const now = (): bigint => BigInt(Date.now());

describe('POST /push', () => {
  test('takes a sealed packet, and its bytes are served once', async () => {
    const data = randomBytes(64);
    const answer = await gateway.push(gateway.collector.seal(data));
    expect(answer).toMatchObject({ status: 204, text: '' });
    expect((await gateway.get('/api/random?bytes=64')).text).toBe(data.toString('hex'));
    expect((await gateway.get('/api/random?bytes=1')).status).toBe(503);
    expect(await received()).toBe(64);
  });

  test.each<[string, number, (last: TestCollector) => Partial<PacketFields>]>([
    ['the number of the last one', 409, ({ sequence }) => ({ sequence })],
    ['a lower number', 409, () => ({ sequence: 1n })],
    ['an earlier run', 409, ({ boot }) => ({ boot: boot - 1n, sequence: 99n })],
    ['a stamp older than the TTL', 422, () => ({ timestamp: now() - 60n * MINUTE })],
    ['a stamp of the future', 422, () => ({ timestamp: now() + 60n * MINUTE })],
    ['a stamp at the end of u64', 422, () => ({ timestamp: 2n ** 64n - 1n })],
    ['a stamp from before the replay state', 422, () => ({ timestamp: now() - MINUTE / 4n })],
    ['bytes exposed before the replay state', 422, () => ({ age: 15_000 })],
    ['a boot of the future', 422, () => ({ boot: now() + 2n * MINUTE })],
    ['a boot at the end of u64', 422, () => ({ boot: 2n ** 64n - 1n, sequence: 2n ** 64n - 1n })],
  ])('refuses %s with %i, and the next packet passes', async (_, status, fields) => {
    const collector = someone();
    for (let i = 0; i < 2; i++) expect((await gateway.push(collector.seal(randomBytes(1)))).status).toBe(204);
    const before = await received();
    const answer = await gateway.push(collector.seal(randomBytes(9), fields(collector)));
    expect(answer).toMatchObject({ status, text: '' });
    expect(answer.headers['retry-after']).toBeUndefined();
    expect(await received()).toBe(before);
    expect((await gateway.push(collector.seal(randomBytes(1)))).status).toBe(204);
  });

  test('says nothing of a packet that garbage follows: a status would be taken for that of the packet', async () => {
    const packet = gateway.collector.seal(randomBytes(1));
    const type = 'Content-Type: application/octet-stream';
    const head = `POST /push HTTP/1.1\r\nHost: a\r\n${type}\r\nContent-Length: ${packet.length}\r\n\r\n`;
    const socket = await connection(
      Buffer.concat([Buffer.from(head), packet, Buffer.from('garbage\r\n\r\n')]),
    );
    let said = '';
    socket.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await once(socket, 'close');
    expect(said).toBe('');
    expect((await gateway.push(packet)).status).toBe(409);
    await gateway.get('/api/random?bytes=1');
  });

  test('refuses a body without Content-Length with 411', async () => {
    const packet = gateway.collector.seal(randomBytes(1));
    const type = 'Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked';
    const socket = await connection(`POST /push HTTP/1.1\r\nHost: a\r\n${type}\r\n\r\n`);
    const [said] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(said.toString()).toMatch(/^HTTP\/1\.1 411 /);
    expect((await gateway.push(packet)).status).toBe(204);
    await gateway.get('/api/random?bytes=1');
  });

  test('refuses a body with a content coding with 415: what was meant is not what is there', async () => {
    const packet = gateway.collector.seal(randomBytes(1));
    const type = `Content-Type: application/octet-stream\r\nContent-Length: ${packet.length}`;
    const socket = await connection(
      `POST /push HTTP/1.1\r\nHost: a\r\n${type}\r\nContent-Encoding: gzip\r\n\r\n`,
    );
    const [said] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(said.toString()).toMatch(/^HTTP\/1\.1 415 /);
    expect((await gateway.push(packet)).status).toBe(204);
    await gateway.get('/api/random?bytes=1');
  });

  test('answers 507 with Retry-After when the pool is full, and the number is not used up', async () => {
    const collector = someone();
    const packet = collector.seal(randomBytes(1000));
    const answer = await gateway.push(packet);
    expect(answer).toMatchObject({ status: 507, text: '' });
    expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    const bytes = await gateway.metric('qrng_pool_bytes');
    await gateway.get(`/api/random?bytes=${bytes}`);
    expect((await gateway.push(packet)).status).toBe(204);
    await gateway.get('/api/random?bytes=1000');
  });
});

describe('frozen packets', () => {
  test.each(vectors.bad)('$name: $expect', async ({ expect: reason, packet }) => {
    const before = await received();
    const bytes = Buffer.from(packet, 'hex');
    const answer = await gateway.push(bytes);
    expect(answer.text).toBe('');
    expect([STATUS[reason], bytes.length > MAX_PACKET_BYTES ? 413 : undefined]).toContain(answer.status);
    expect(await received()).toBe(before);
  });

  test.each(vectors.good)('$name: authentic, and too old by now', async ({ key, packet }) => {
    const { status } = await gateway.push(Buffer.from(packet, 'hex'));
    expect(status).toBe(key === vectors.key1 ? 422 : 401);
  });
});

describe('whatever is sent that no collector sealed', () => {
  test('is refused and remembered by nothing: the true packet passes afterwards', async () => {
    const mutation = fc.oneof(
      fc.record({ at: fc.nat(), xor: fc.integer({ min: 1, max: 255 }) }),
      fc.record({ cut: fc.nat() }),
      fc.record({ append: fc.uint8Array({ minLength: 1, maxLength: 200 }) }),
    );
    await fc.assert(
      fc.asyncProperty(mutation, fc.uint8Array({ minLength: 1, maxLength: 50 }), async (change, data) => {
        const collector = someone();
        const packet = collector.seal(data);
        const before = await received();
        const { status, text } = await gateway.push(changed(packet, change));
        expect([400, 401]).toContain(status);
        expect([text, await received()]).toEqual(['', before]);
        expect((await gateway.push(packet)).status).toBe(204);
        await gateway.get(`/api/random?bytes=${data.length}`);
      }),
      { numRuns: 100 },
    );
  });
});

type Change = { at: number; xor: number } | { cut: number } | { append: Uint8Array };

function changed(packet: Buffer, change: Change): Buffer {
  if ('append' in change) return Buffer.concat([packet, change.append]);
  if ('cut' in change) return packet.subarray(0, change.cut % packet.length);
  const copy = Buffer.from(packet);
  const at = change.at % packet.length;
  copy.writeUInt8(copy.readUInt8(at) ^ change.xor, at);
  return copy;
}

/** A connection on which this was sent. */
async function connection(sent: string | Buffer): Promise<TLSSocket> {
  const { certificatePem: ca } = await testAuthority();
  const { port } = new URL(gateway.url);
  const socket = connect({ host: '127.0.0.1', port: Number(port), ca, servername: 'localhost' });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  socket.write(sent);
  return socket;
}
