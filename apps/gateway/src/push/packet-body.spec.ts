import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { Place, Room } from '../connections/room.js';
import { readPacketBody } from './packet-body.js';
import { PacketRefusal } from '../admission/packet-refusal.js';
import { pushAnswer } from './push-refusal.js';

/** Bytes with memory of their own, as they come from a socket. */
function own(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

function read(payload: PassThrough, length: number, place?: Place): Promise<Buffer> {
  const push = { headers: { 'content-length': String(length) }, ...(place && { place }) };
  return new Promise((resolve, reject) => {
    readPacketBody(push, payload, (error, body) => {
      if (body === undefined) reject(error ?? new Error('no body'));
      else resolve(body);
    });
  });
}

describe('the body of a push', () => {
  test('is put together from its chunks, whose memory is free then', async () => {
    const bytes = randomBytes(100_000);
    const chunks = [
      own(bytes.subarray(0, 16_384)),
      own(bytes.subarray(16_384, 16_385)),
      own(bytes.subarray(16_385)),
    ];
    const payload = new PassThrough();
    const body = read(payload, bytes.length);
    for (const chunk of chunks) payload.write(chunk);
    payload.end();
    expect((await body).equals(bytes)).toBe(true);
    expect(chunks.map(({ length }) => length)).toEqual([0, 0, 0]);
  });

  test.each([
    ['a stranger is charged for fourfold steps as it arrives', false, [16, 64, 256, 1000]],
    ['somebody known is charged for all of it at its first byte', true, [1000, 1000, 1000, 1000]],
  ])('of %s', async (_, isKnown, charged) => {
    const KIB = 1024;
    const networkBytes = 1000 * KIB;
    const size = { bytes: isKnown ? networkBytes : 2 * networkBytes, networkBytes, patienceMs: 0 };
    const place = new Place(new Room(size, () => 0), '::', () => undefined, 0);
    const bytes = randomBytes(1000 * KIB);
    const payload = new PassThrough();
    const body = read(payload, bytes.length, place);
    const held: number[] = [];
    for (const [from, to] of [
      [0, 1],
      [1, 20 * KIB],
      [20 * KIB, 70 * KIB],
      [70 * KIB, 1000 * KIB],
    ]) {
      expect(place.held / KIB).toBe(held.at(-1) ?? 0);
      payload.write(own(bytes.subarray(from, to)));
      await setImmediate();
      held.push(place.held / KIB);
    }
    payload.end();
    expect((await body).equals(bytes)).toBe(true);
    expect(held).toEqual(charged);
  });

  test('for which there is no room is refused, and its connection closed', async () => {
    const size = { bytes: 200_000, networkBytes: 100_000, patienceMs: 0 };
    let closed = false;
    const place = new Place(new Room(size, () => -1), '::', () => (closed = true), 0);
    const payload = new PassThrough();
    const body = read(payload, 200_000, place);
    payload.write(own(randomBytes(150_000)));
    await expect(body).rejects.toMatchObject({ result: 'unready' });
    expect(closed).toBe(true);
  });

  test('that comes too slowly is refused', async () => {
    const payload = new PassThrough();
    const body = read(payload, 100);
    payload.write('QRNG');
    await expect(body).rejects.toMatchObject({ result: 'malformed', status: 408 });
    payload.end(randomBytes(96)); // what comes later changes nothing
  });

  test('that ends early is refused', async () => {
    const payload = new PassThrough();
    const body = read(payload, 100);
    payload.write(randomBytes(50));
    await setImmediate();
    payload.destroy(new Error('aborted'));
    const refusal: unknown = await body.catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(PacketRefusal);
    expect(pushAnswer(refusal as PacketRefusal)).toEqual({ status: 400 });
  });
});
