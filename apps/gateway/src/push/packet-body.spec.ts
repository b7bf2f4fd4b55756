import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { readPacketBody } from './packet-body.js';
import { PacketRefusal } from '../admission/packet-refusal.js';
import { pushAnswer } from './push-refusal.js';

/** Bytes with memory of their own, as they come from a socket. */
function own(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

function read(payload: PassThrough, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    readPacketBody({ headers: { 'content-length': String(length) } }, payload, (error, body) => {
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
