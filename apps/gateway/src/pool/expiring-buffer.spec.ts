import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ExpiringBuffer } from './expiring-buffer.js';
import { joined } from './packet-ref.js';
import type { Piece } from './packet-ref.js';

const CAPACITY = 50;
const TTL_MS = 100;

const step = fc.oneof(
  fc.record({ do: fc.constant('store'), count: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ do: fc.constant('take'), count: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ do: fc.constant('wait'), count: fc.nat({ max: 60 }) }),
);

/** Each byte by itself, with the time it came: what the buffer must be indistinguishable from. */
class Model {
  held: { byte: number; at: number }[] = [];
  discarded = 0;

  constructor(private readonly overflow: 'discard' | 'replace') {}

  expire(now: number): void {
    const alive = this.held.filter(({ at }) => now - at < TTL_MS);
    this.discarded += this.held.length - alive.length;
    this.held = alive;
  }

  store(bytes: readonly number[], now: number): boolean {
    const excess = this.held.length + bytes.length - CAPACITY;
    if (excess > 0 && this.overflow === 'discard') return false;
    this.discarded += this.held.splice(0, Math.max(0, excess)).length;
    this.held.push(...bytes.map((byte) => ({ byte, at: now })));
    return true;
  }
}

test('says of bytes that came one by one where each came from', () => {
  const buffer = new ExpiringBuffer({ capacity: 300_000, overflow: 'discard', ttlMs: 0 }, () => undefined);
  for (let i = 0; i < 300_000; i++) buffer.store(Buffer.of(i & 255), 0);
  const from: Piece[] = [];
  expect(buffer.take(262_144, 0, from)?.length).toBe(262_144);
  expect(from).toHaveLength(262_144);
});

test('remembers which packet bytes came in, and where in it they were', () => {
  const packet = (sequence: bigint) => ({
    ...{ collector: 'collector-1', boot: 1n, sequence },
    digest: Buffer.alloc(32, Number(sequence)),
  });
  const buffer = new ExpiringBuffer({ capacity: 100, overflow: 'replace', ttlMs: 0 }, () => undefined);
  const [first, second] = [packet(1n), packet(2n)];
  buffer.store(Buffer.alloc(10), 0, first);
  buffer.store(Buffer.alloc(10), 0, second, 64);
  buffer.store(Buffer.alloc(10), 0);
  buffer.take(4, 0);
  const pieces = buffer.pieces(21, 0);
  expect(pieces).toEqual([
    { packet: first, offset: 4, length: 6 },
    { packet: second, offset: 64, length: 10 },
    { packet: undefined, offset: 0, length: 5 },
  ]);
  const parts = [buffer.pieces(3, 0), (buffer.take(3, 0), buffer.pieces(18, 0))].flat();
  expect(joined([], parts)).toEqual(pieces);
});

describe('an expiring buffer', () => {
  test.each(['discard', 'replace'] as const)('gives each byte once, in order, in time (%s)', (overflow) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
        const model = new Model(overflow);
        let discarded = 0;
        const options = { capacity: CAPACITY, overflow, ttlMs: TTL_MS };
        const buffer = new ExpiringBuffer(options, (_, bytes) => (discarded += bytes));
        let [now, next] = [1000, 0];
        for (const { do: kind, count } of steps) {
          model.expire(now);
          if (kind === 'wait') now += count;
          else if (kind === 'store') {
            const bytes = Array.from({ length: count }, () => next++ % 256);
            expect(buffer.canHold(count, now)).toBe(
              overflow === 'replace' || model.held.length + count <= CAPACITY,
            );
            if (model.store(bytes, now)) buffer.store(Buffer.from(bytes), now);
          } else {
            const expected =
              count <= model.held.length ? model.held.splice(0, count).map(({ byte }) => byte) : undefined;
            const taken = buffer.take(count, now);
            expect(taken === undefined ? undefined : [...taken]).toEqual(expected);
          }
          model.expire(now);
          expect(buffer.bytesAt(now)).toBe(model.held.length);
          expect(buffer.oldestAgeMs(now)).toBe(now - (model.held[0]?.at ?? now));
          expect(discarded).toBe(model.discarded);
        }
      }),
    );
  });
});
