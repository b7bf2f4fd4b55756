import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Packet, PacketFields } from '#libs/crypto';
import { MAX_COLLECTORS } from '../../bounds.js';
import { ReplayState } from './replay-state.js';

const T0 = 1_760_000_000_000;
const WINDOW = { ttlMs: 300_000, skewMs: 60_000 };
const LARGEST = 2n ** 64n - 1n;

type Fields = Partial<PacketFields & { ownKey: boolean; data: Buffer }>;

function packet(sequence: number | bigint, fields: Fields = {}): Packet {
  const packed = {
    ...{ type: 'entropy' as const, collector: 'lab-1', boot: 5n, sequence: BigInt(sequence) },
    ...{ timestamp: BigInt(T0), age: 0, keyId: '00000000', ownKey: false, data: Buffer.alloc(1) },
    ...fields,
  };
  const text = Object.values(packed).join();
  return { ...packed, mac: createHash('sha256').update(text).digest() };
}

/** A state that took these packets. */
function stateOf(...packets: Packet[]): ReplayState {
  const state = new ReplayState(T0, WINDOW);
  for (const taken of packets) {
    expect(state.check(taken, T0)).toBe('next');
    state.advance(taken, T0);
  }
  return state;
}

describe('a packet', () => {
  test('is next when its boot, or its sequence in the same boot, is above the last one', () => {
    const state = stateOf(packet(7));
    expect(state.check(packet(8), T0)).toBe('next');
    expect(state.check(packet(1, { boot: 6n }), T0)).toBe('next');
    expect(state.check(packet(7), T0)).toBe('replay');
    expect(state.check(packet(6), T0)).toBe('replay');
    expect(state.check(packet(LARGEST, { boot: 4n }), T0)).toBe('replay');
  });

  test('of 64-bit numbers is compared exactly', () => {
    const state = stateOf(packet(2n ** 53n));
    expect(state.check(packet(2n ** 53n + 1n), T0)).toBe('next');
    state.advance(packet(LARGEST - 1n), T0);
    expect(state.check(packet(LARGEST), T0)).toBe('next');
    expect(state.check(packet(LARGEST - 2n), T0)).toBe('replay');
  });

  test('exposed before the floor is never taken, however late it was sealed', () => {
    const state = stateOf();
    expect(state.check(packet(1, { timestamp: BigInt(T0 - 1) }), T0)).toBe('below-floor');
    expect(state.check(packet(1, { timestamp: BigInt(T0) }), T0)).toBe('next');
    expect(state.check(packet(1, { timestamp: BigInt(T0 + 5000), age: 5001 }), T0)).toBe('below-floor');
    expect(state.check(packet(1, { timestamp: BigInt(T0 + 5000), age: 5000 }), T0)).toBe('next');
    expect(state.check(packet(1, { age: 0xffffffff }), T0)).toBe('below-floor');
  });

  test('with the sequence of another one is a conflict, up to 15 packets later', () => {
    const taken = Array.from({ length: 20 }, (_, index) => packet(index + 1));
    const state = stateOf(...taken);
    expect(taken.map((copy) => state.check(copy, T0))).toEqual(Array(20).fill('replay'));
    const others = taken.map(({ sequence }) => state.check(packet(sequence, { data: Buffer.alloc(2) }), T0));
    expect(others).toEqual([...Array<string>(4).fill('replay'), ...Array<string>(16).fill('conflict')]);
  });

  test('sealed after all that was taken, and yet not above it, is a conflict however far behind', () => {
    const state = stateOf(...Array.from({ length: 20 }, (_, index) => packet(index + 1)));
    expect(state.check(packet(2, { timestamp: BigInt(T0 + 1) }), T0)).toBe('conflict');
    expect(state.check(packet(2, { timestamp: BigInt(T0 + 1), boot: 4n }), T0)).toBe('replay');
  });
});

describe('a position', () => {
  const LOCKED = packet(LARGEST, { boot: BigInt(T0 + 60_000) });
  const HEALED = T0 + WINDOW.ttlMs + WINDOW.skewMs + 1;

  test('heals once nothing it took can be fresh, and not a millisecond before', () => {
    const state = stateOf(LOCKED);
    const honest = packet(1, { timestamp: BigInt(HEALED), boot: BigInt(T0) });
    expect(state.check(honest, HEALED - 1)).toBe('replay');
    expect(state.check(honest, HEALED)).toBe('next');
  });

  test('that healed leaves a floor above all that it took, also for a clock that goes back', () => {
    const state = stateOf(LOCKED);
    state.check(packet(1, { timestamp: BigInt(HEALED) }), HEALED);
    expect(state.floor).toBe(T0 + 1);
    expect(state.check(LOCKED, T0)).toBe('below-floor');
    expect(state.check(packet(1, { timestamp: BigInt(T0 + 1) }), T0)).toBe('next');
  });

  test('heals TTL plus skew after it took something, however far ahead that was stamped; its floor is above all of it', () => {
    const ahead = packet(LARGEST, { timestamp: BigInt(T0 + WINDOW.skewMs) });
    const state = stateOf(ahead);
    const honest = packet(1, { boot: 4n, timestamp: BigInt(HEALED - 1) });
    expect(state.check(honest, HEALED - 1)).toBe('replay');
    expect(state.check(honest, HEALED)).toBe('next');
    expect(state.floor).toBe(T0 + WINDOW.skewMs + 1);
    expect(state.check(ahead, HEALED)).toBe('below-floor');
  });

  test('heals so long after the last packet, not after the first one', () => {
    const state = stateOf(packet(1));
    state.advance(packet(2), T0 + 5); // stamped when the first one was
    state.advance(packet(3, { timestamp: BigInt(T0 + 9) }), T0 + 7);
    expect(state.check(packet(1), HEALED + 6)).toBe('replay');
    expect(state.check(packet(1), HEALED + 7)).toBe('below-floor');
    expect(state.floor).toBe(T0 + 10);
  });

  test('of many names gives way to new ones once it heals', () => {
    const state = new ReplayState(T0, WINDOW);
    for (let index = 0; index < MAX_COLLECTORS; index++) {
      state.advance(packet(1, { collector: `c-${index}` }), T0);
    }
    const one = packet(1, { collector: 'one-more', timestamp: BigInt(HEALED) });
    expect(state.check(one, HEALED - 1)).toBe('too-many-collectors');
    expect(state.check(packet(2, { collector: 'c-7' }), HEALED - 1)).toBe('next');
    expect(state.check(one, HEALED)).toBe('next');
  });

  test('under shared keys does not bind a collector under its own, and the other way round', () => {
    for (const ownKey of [true, false]) {
      const other = packet(LARGEST, { ownKey: !ownKey, timestamp: BigInt(T0 + 50) });
      const state = stateOf(other);
      // The same bytes sealed with the new key were exposed by then.
      expect(state.check(packet(1, { ownKey, timestamp: BigInt(T0 + 50) }), T0)).toBe('below-floor');
      expect(state.check(packet(1, { ownKey, timestamp: BigInt(T0 + 90), age: 40 }), T0)).toBe('below-floor');
      const honest = packet(1, { ownKey, timestamp: BigInt(T0 + 51) });
      expect(state.check(honest, T0)).toBe('next');
      state.advance(honest, T0);
      expect(state.check(honest, T0)).toBe('replay');
      expect(state.check(other, T0)).toBe('below-floor');
      expect(state.check(packet(2, { ownKey, timestamp: BigInt(T0 + 50) }), T0)).toBe('below-floor');
    }
  });

  test('can be forgotten: nothing exposed before that is taken again', () => {
    const state = stateOf(LOCKED);
    expect(state.forget('lab-1', T0 + 700)).toBe(T0 + 701);
    expect(state.check(packet(1, { timestamp: BigInt(T0 + 700) }), T0 + 700)).toBe('below-floor');
    expect(state.check(packet(1, { timestamp: BigInt(T0 + 701) }), T0 + 700)).toBe('next');
    expect(state.check(packet(1, { collector: 'lab-2' }), T0 + 700)).toBe('next');
    expect(state.forget('nobody', T0)).toBeUndefined();
  });

  test('that was forgotten while the clock was ahead is taken again once the clock is right, if nothing later was taken', () => {
    const [now, ahead] = [T0 + 1000, T0 + 86_400_000];
    const state = stateOf(LOCKED);
    expect(state.forget('lab-1', ahead)).toBe(ahead + 1);
    expect(state.check(packet(1, { timestamp: BigInt(now) }), now)).toBe('below-floor');
    expect(state.check(packet(1, { timestamp: BigInt(now + 1) }), now + 1)).toBe('next');
    state.advance(packet(1, { timestamp: BigInt(ahead) }), ahead);
    expect(state.forget('lab-1', now + 1)).toBe(ahead + 1);
    expect(state.check(packet(2, { timestamp: BigInt(now + 2) }), now + 2)).toBe('below-floor');
  });

  test('that took packets stamped in the future can be forgotten from then on', () => {
    const state = stateOf(packet(1, { timestamp: BigInt(T0 + 50_000) }));
    expect(state.forget('lab-1', T0)).toBe(T0 + 50_001);
  });
});

test('a collector whose run is older than the state has lost nothing that this state could know of', () => {
  const state = stateOf();
  expect(state.missing(packet(7))).toBe(0n);
  expect(state.missing(packet(7, { boot: BigInt(T0) }))).toBe(6n);
  state.advance(packet(7), T0);
  expect(state.missing(packet(9))).toBe(1n);
});
