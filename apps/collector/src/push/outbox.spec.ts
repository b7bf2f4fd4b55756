import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Keyring, MacKey, openPacket } from '#libs/crypto';
import type { Packet } from '#libs/crypto';
import { GIVE_UP_AFTER_MS, Outbox } from './outbox.js';
import type { Outcome } from './outbox.js';

const key = MacKey.fromHex(randomBytes(32).toString('hex'));
const START = 1_790_000_000_000;
const answer = (status: number): Outcome => ({ kind: 'answer', status });
const LOST: Outcome = { kind: 'unknown', reason: 'ECONNRESET' };
const UNSENT: Outcome = { kind: 'unsent', reason: 'ECONNREFUSED' };
const telemetry = Buffer.from('{}');

const newOutbox = (): Outbox => new Outbox({ collector: 'lab-1', boot: 5n });
const opened = (packet: Buffer): Packet => openPacket(Buffer.from(packet), new Keyring([key]));

/** An outbox that has just sealed 100 bytes for the first time. */
function sealed(): { outbox: Outbox; data: Buffer; packet: Buffer } {
  const outbox = newOutbox();
  const data = randomBytes(100);
  outbox.hold(Buffer.from(data));
  return { outbox, data, packet: Buffer.from(outbox.sealEntropy(START, key)) };
}

describe('a packet at its first attempt', () => {
  test('carries the identity, the next number and the time', () => {
    const { packet, data } = sealed();
    expect(opened(packet)).toMatchObject({
      collector: 'lab-1',
      boot: 5n,
      sequence: 1n,
      timestamp: BigInt(START),
    });
    expect(opened(packet).data).toEqual(data);
  });

  test('is delivered by 204, and the next number follows', () => {
    const { outbox } = sealed();
    expect(outbox.settle(answer(204))).toEqual({
      result: 'delivered',
      type: 'entropy',
      sequence: 1n,
      delivered: 100,
    });
    outbox.hold(randomBytes(1));
    expect(opened(outbox.sealEntropy(START, key)).sequence).toBe(2n);
  });

  test.each([
    [400, 'refused'],
    [413, 'refused'],
    [415, 'refused'],
    [422, 'refused'],
  ])('is dropped by %i', (status, reason) => {
    const { outbox } = sealed();
    expect(outbox.settle(answer(status))).toMatchObject({
      result: 'dropped',
      dropped: { reason, bytes: 100 },
    });
    expect(outbox.heldBytes).toBe(0);
    expect(outbox.unsettled).toBeUndefined();
  });

  test('is dropped by 409, which ends the run: somebody else uses its numbers', () => {
    const { outbox } = sealed();
    const dropped = { reason: 'replayed', bytes: 100 };
    expect(outbox.settle(answer(409))).toMatchObject({ result: 'replayed', dropped });
    expect(outbox.heldBytes).toBe(0);
  });

  test.each([
    ['401', answer(401), 'unauthorized'],
    ['503', answer(503), 'paused'],
    ['507', answer(507), 'full'],
    ['no connection', UNSENT, 'paused'],
  ])(
    'is kept by %s, and sealed again under its number with the time and key of then',
    (_, outcome, result) => {
      const { outbox, data } = sealed();
      expect(outbox.settle(outcome)).toMatchObject({ result, delivered: 0 });
      expect(outbox.unsettled).toBeUndefined();
      const other = MacKey.fromHex(randomBytes(32).toString('hex'));
      const again = openPacket(outbox.sealEntropy(START + 7, other), new Keyring([other]));
      expect(again).toMatchObject({ sequence: 1n, timestamp: BigInt(START + 7), age: 7 });
      expect(again.data).toEqual(data);
    },
  );

  test.each([
    ['full', [507]], // it waited for room
    ['expired', [507, 503]],
    ['full', [503, 507]],
  ] as const)('is dropped as %s after %j', (reason, statuses) => {
    const { outbox } = sealed();
    for (const [at, status] of statuses.entries()) {
      if (at > 0) outbox.sealEntropy(START + at, key);
      outbox.settle(answer(status));
    }
    outbox.sealHeartbeat(Buffer.from('{}'), START + 9, key);
    outbox.settle(answer(204));
    expect(outbox.expire(START + GIVE_UP_AFTER_MS)).toMatchObject({ dropped: { reason, bytes: 100 } });
    outbox.hold(randomBytes(5));
    outbox.sealEntropy(START + GIVE_UP_AFTER_MS, key);
    outbox.settle({ kind: 'unsent', reason: 'x' });
    expect(outbox.expire(START + 2 * GIVE_UP_AFTER_MS)).toMatchObject({ dropped: { reason: 'expired' } });
  });

  test('is dropped when it was refused until it is about to expire, and not before', () => {
    const { outbox } = sealed();
    outbox.settle(answer(503));
    expect(outbox.expire(START + GIVE_UP_AFTER_MS - 1)).toBeUndefined();
    outbox.sealEntropy(START + GIVE_UP_AFTER_MS - 1, key);
    outbox.settle(answer(503));
    expect(outbox.expire(START + GIVE_UP_AFTER_MS)).toEqual({
      ...{ result: 'dropped', type: 'entropy', sequence: 1n, delivered: 0 },
      dropped: { reason: 'expired', bytes: 100 },
    });
    expect(outbox.expire(START + GIVE_UP_AFTER_MS)).toBeUndefined();
    outbox.hold(randomBytes(1));
    expect(opened(outbox.sealEntropy(START + GIVE_UP_AFTER_MS, key))).toMatchObject({ sequence: 2n, age: 0 });
  });

  test('is wiped at the end of a run', () => {
    const { outbox } = sealed();
    const packet = outbox.unsettled;
    expect(outbox.clear()).toBe(100);
    expect(packet?.every((byte) => byte === 0)).toBe(true);
    expect([outbox.heldBytes, outbox.unsettled]).toEqual([0, undefined]);
  });
});

describe('a packet on a carrier without answers', () => {
  test('is gone once it was sent: its bytes are wiped, and the next number follows', () => {
    const { outbox } = sealed();
    expect(outbox.settle({ kind: 'gone' })).toEqual({
      result: 'sent',
      type: 'entropy',
      sequence: 1n,
      delivered: 100,
    });
    expect(outbox.heldBytes).toBe(0);
    outbox.hold(randomBytes(1));
    expect(opened(outbox.sealEntropy(START, key)).sequence).toBe(2n);
  });

  test('is kept while there is no room on the way', () => {
    const { outbox, data } = sealed();
    expect(outbox.settle({ kind: 'full' }).result).toBe('full');
    expect(opened(outbox.sealEntropy(START + 5, key))).toMatchObject({ sequence: 1n, age: 5, data });
  });
});

describe('a packet of unknown outcome', () => {
  const statuses = [200, 302, 400, 401, 404, 408, 413, 415, 429, 500, 502, 503, 504, 507];

  test.each([LOST, ...statuses.map(answer), UNSENT])('stays as it is after a reset and %p', (outcome) => {
    const { outbox, packet } = sealed();
    outbox.settle(LOST);
    outbox.settle(outcome);
    expect(outbox.unsettled).toEqual(packet);
    expect(() => outbox.sealEntropy(START, key)).toThrow('not sealed again');
    expect(outbox.settle(answer(204))).toMatchObject({ result: 'delivered', delivered: 100 });
  });

  test('lets no heartbeat pass when the pool is full', () => {
    const { outbox } = sealed();
    outbox.settle(LOST);
    expect(outbox.settle(answer(507)).result).toBe('unsettled');
  });

  test.each([204, 409])('is delivered by %i', (status) => {
    const { outbox } = sealed();
    outbox.settle(LOST);
    outbox.settle(answer(503));
    expect(outbox.settle(answer(status))).toMatchObject({ result: 'delivered', delivered: 100 });
  });

  test('is given up by 422: whatever became of it, it can never be taken now', () => {
    const { outbox } = sealed();
    outbox.settle(LOST);
    const dropped = { reason: 'unknown', bytes: 100 };
    expect(outbox.settle(answer(422))).toMatchObject({ result: 'dropped', dropped });
  });

  test('is given up when it is about to expire, and not before', () => {
    const { outbox } = sealed();
    outbox.settle(LOST);
    expect(outbox.settle(answer(503)).result).toBe('paused');
    expect(outbox.expire(START + GIVE_UP_AFTER_MS - 1)).toBeUndefined();
    expect(outbox.expire(START + GIVE_UP_AFTER_MS)).toMatchObject({ dropped: { reason: 'unknown' } });
    outbox.hold(randomBytes(1));
    expect(opened(outbox.sealEntropy(START, key)).sequence).toBe(2n);
  });

  test('is given up by the time of its first sealing, also when it was sealed again since', () => {
    const { outbox } = sealed();
    outbox.settle(answer(503));
    outbox.sealEntropy(START + 100_000, key);
    outbox.settle(LOST);
    expect(outbox.expire(START + GIVE_UP_AFTER_MS)).toMatchObject({ dropped: { reason: 'unknown' } });
  });
});

describe('a heartbeat', () => {
  function heartbeatInTheWay(): { outbox: Outbox; data: Buffer } {
    const { outbox, data } = sealed();
    outbox.settle(answer(507));
    expect(opened(outbox.sealHeartbeat(telemetry, START, key))).toMatchObject({
      type: 'heartbeat',
      sequence: 1n,
    });
    return { outbox, data };
  }

  test('takes the number of refused bytes, which get the next one when it was accepted', () => {
    const { outbox, data } = heartbeatInTheWay();
    expect(outbox.settle(answer(204))).toMatchObject({ result: 'delivered', delivered: 0 });
    expect(opened(outbox.sealEntropy(START, key))).toMatchObject({ sequence: 2n, data });
  });

  test('leaves number and bytes as they were when it was refused', () => {
    const { outbox, data } = heartbeatInTheWay();
    outbox.settle(answer(503));
    expect(opened(outbox.sealEntropy(START, key))).toMatchObject({ sequence: 1n, data });
  });

  test.each([
    ['409 after a reset', [LOST, answer(409)]],
    ['409 at once', [answer(409)]],
  ])(
    'takes refused bytes with it after %s: theirs may have been the packet that was accepted',
    (_, outcomes) => {
      const { outbox } = heartbeatInTheWay();
      const settlements = outcomes.map((outcome) => outbox.settle(outcome));
      expect(settlements.at(-1)?.dropped?.bytes).toBe(100);
      expect(outbox.heldBytes).toBe(0);
    },
  );

  test('takes refused bytes with it, too, when nothing settles it until it expires', () => {
    const { outbox } = heartbeatInTheWay();
    outbox.settle(LOST);
    expect(outbox.expire(START + GIVE_UP_AFTER_MS)).toMatchObject({
      dropped: { reason: 'unknown', bytes: 100 },
    });
    expect(outbox.heldBytes).toBe(0);
  });

  test('does not keep bytes from expiring that it took the number of', () => {
    const { outbox } = heartbeatInTheWay();
    outbox.settle(answer(204));
    expect(outbox.expire(START + GIVE_UP_AFTER_MS)).toMatchObject({
      dropped: { reason: 'full', bytes: 100 },
    });
    expect(opened(outbox.sealHeartbeat(telemetry, START, key)).sequence).toBe(2n); // not sealed in this slot
  });

  test('fills the number of bytes that a full pool refused until they expired, and goes before others', () => {
    const outbox = newOutbox();
    outbox.hold(randomBytes(100));
    outbox.sealEntropy(START, key);
    outbox.settle(answer(507));
    outbox.expire(START + GIVE_UP_AFTER_MS);
    expect(outbox.needsHeartbeat).toBe(true);
    expect(() => outbox.hold(randomBytes(9))).toThrow('a heartbeat has to go first');
    outbox.sealHeartbeat(telemetry, START + GIVE_UP_AFTER_MS, key);
    expect(outbox.settle(answer(204))).toMatchObject({ result: 'delivered', sequence: 1n });
    expect(outbox.needsHeartbeat).toBe(false);
    outbox.hold(randomBytes(9));
    expect(opened(outbox.sealEntropy(START + GIVE_UP_AFTER_MS, key)).sequence).toBe(2n); // no gap
  });

  test.each([
    ['refuses', [answer(422)]],
    ['leaves in doubt', [LOST, answer(409)]],
  ])('leaves that number when the gateway %s it: other bytes are not sealed there', (_, outcomes) => {
    const outbox = newOutbox();
    outbox.hold(randomBytes(100));
    outbox.sealEntropy(START, key);
    outbox.settle(answer(507));
    outbox.expire(START + GIVE_UP_AFTER_MS);
    outbox.sealHeartbeat(telemetry, START + GIVE_UP_AFTER_MS, key);
    for (const outcome of outcomes) outbox.settle(outcome);
    outbox.hold(randomBytes(9));
    expect(opened(outbox.sealEntropy(START + GIVE_UP_AFTER_MS, key)).sequence).toBe(2n);
  });

  test('leaves bytes alone that have not been sealed under its number', () => {
    const outbox = newOutbox();
    outbox.sealHeartbeat(telemetry, START, key);
    outbox.settle(LOST);
    outbox.hold(randomBytes(9));
    expect(outbox.settle(answer(409))).toMatchObject({ result: 'delivered', delivered: 0 });
    expect(outbox.heldBytes).toBe(9);
  });
});

describe('a packet that takes less than is held', () => {
  const held = Buffer.from('aaaabbbb');

  test('leaves the rest for the next number, exposed since the first sealing', () => {
    const outbox = newOutbox();
    outbox.hold(Buffer.from(held));
    expect(opened(outbox.sealEntropy(START, key)).data).toHaveLength(8);
    outbox.settle(answer(507));
    expect(opened(outbox.sealEntropy(START + 10, key, 4)).data.toString()).toBe('aaaa');
    expect(outbox.settle(answer(204))).toMatchObject({ result: 'delivered', delivered: 4 });
    expect(outbox.heldBytes).toBe(4);
    const rest = opened(outbox.sealEntropy(START + 30, key));
    expect(rest).toMatchObject({ sequence: 2n, age: 30 });
    expect(rest.data.toString()).toBe('bbbb');
  });

  test('takes the rest with it where a captured sealing of all of it may have been accepted instead', () => {
    const outbox = newOutbox();
    outbox.hold(Buffer.from(held));
    outbox.sealEntropy(START, key);
    outbox.settle(answer(507));
    outbox.sealEntropy(START, key, 4);
    outbox.settle(LOST);
    expect(outbox.settle(answer(409))).toMatchObject({
      ...{ result: 'delivered', delivered: 4 },
      dropped: { reason: 'unknown', bytes: 4 },
    });
    expect(outbox.heldBytes).toBe(0);
  });

  test('leaves the rest also where a spool had no room for all of it: nothing had left', () => {
    const outbox = newOutbox();
    outbox.hold(Buffer.from(held));
    outbox.sealEntropy(START, key);
    outbox.settle({ kind: 'full' });
    outbox.sealEntropy(START, key, 4);
    expect(outbox.settle({ kind: 'gone' })).toMatchObject({ result: 'sent', delivered: 4 });
    expect(outbox.heldBytes).toBe(4);
  });

  test('leaves the rest where nothing but this part was ever sealed under its number', () => {
    const outbox = newOutbox();
    outbox.hold(Buffer.from(held));
    outbox.sealEntropy(START, key, 4);
    outbox.settle(LOST);
    expect(outbox.settle(answer(409))).toMatchObject({ result: 'delivered', delivered: 4 });
    expect(outbox.heldBytes).toBe(4);
  });
});

describe('what is held and turns out to be bad', () => {
  test('is dropped before anything is sealed, and its number stays free where nothing left', () => {
    const outbox = newOutbox();
    outbox.hold(randomBytes(9));
    outbox.condemn();
    expect(outbox.expire(START)).toMatchObject({ sequence: 1n, dropped: { reason: 'quarantine', bytes: 9 } });
    expect(outbox.heldBytes).toBe(0);
    outbox.hold(randomBytes(5));
    expect(outbox.expire(START)).toBeUndefined();
    expect(opened(outbox.sealEntropy(START, key)).sequence).toBe(1n);
  });

  test('is not sealed again once it was refused, nor is its number', () => {
    const outbox = newOutbox();
    outbox.hold(randomBytes(9));
    outbox.sealEntropy(START, key);
    outbox.condemn();
    outbox.settle(answer(503));
    expect(outbox.expire(START)).toMatchObject({ dropped: { reason: 'quarantine', bytes: 9 } });
    expect(opened(outbox.sealHeartbeat(telemetry, START, key)).sequence).toBe(2n);
  });

  test('is not sent again where no answer came, and is perhaps with the gateway', () => {
    const outbox = newOutbox();
    outbox.hold(randomBytes(9));
    outbox.sealEntropy(START, key);
    outbox.settle(LOST);
    outbox.condemn();
    expect(outbox.expire(START)).toMatchObject({ dropped: { reason: 'unknown', bytes: 9 } });
    expect(outbox.unsettled).toBeUndefined();
  });

  test('counts as delivered where the gateway took it before', () => {
    const outbox = newOutbox();
    outbox.hold(randomBytes(9));
    outbox.sealEntropy(START, key);
    outbox.condemn();
    expect(outbox.settle(answer(204))).toMatchObject({ delivered: 9 });
    outbox.hold(randomBytes(5));
    expect(outbox.expire(START)).toBeUndefined();
  });
});

/** Bytes that are sealed together or apart, and are told apart here. */
const PART = 8;

/** A gateway, the network before it and somebody who captures everything that is sent and sends it again at will. */
class Adversary {
  readonly accepted: string[] = [];
  #last = 0n;
  readonly #captured: Packet[] = [];

  /** What the collector hears; `deliver` and `tell` are the adversary's choice, `status` the gateway's mood. */
  send(packet: Buffer, deliver: boolean, tell: boolean, status: number): Outcome {
    const copy = opened(packet);
    this.#captured.push(copy);
    if (!deliver) return tell ? UNSENT : LOST;
    const answered = status === 204 ? this.#admit(copy) : status;
    return tell ? answer(answered) : LOST;
  }

  replay(index: number): void {
    const packet = this.#captured[index % Math.max(1, this.#captured.length)];
    if (packet !== undefined) this.#admit(packet);
  }

  #admit(packet: Packet): number {
    if (packet.sequence <= this.#last) return 409;
    this.#last = packet.sequence;
    for (let at = 0; packet.type === 'entropy' && at < packet.data.length; at += PART) {
      this.accepted.push(packet.data.toString('hex', at, at + PART));
    }
    return 204;
  }
}

interface Step {
  readonly deliver: boolean;
  readonly tell: boolean;
  readonly status: number;
  readonly heartbeat: boolean;
  readonly replay: number | undefined;
  readonly passed: number;
  /** The most bytes that a packet takes now. */
  readonly most: number;
  /** What is held turns out to be bad, before the packet is settled. */
  readonly condemn: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  deliver: fc.boolean(),
  tell: fc.boolean(),
  status: fc.constantFrom(204, 204, 204, 400, 401, 413, 422, 500, 503, 507, 507),
  heartbeat: fc.boolean(),
  replay: fc.option(fc.nat(50), { nil: undefined }),
  passed: fc.constantFrom(0, 1, 1000, GIVE_UP_AFTER_MS),
  most: fc.constantFrom(PART, 2 * PART, 3 * PART),
  condemn: fc.nat(9).map((n) => n === 0),
});

/** Has it hold bytes where it can; gives how many more it holds. */
function refill(outbox: Outbox): number {
  if (outbox.unsettled !== undefined || outbox.heldBytes > 0 || outbox.needsHeartbeat) return 0;
  outbox.hold(randomBytes(3 * PART));
  return 3 * PART;
}

/** Runs one story; returns what was accepted, delivered, dropped and is still held. */
function play(steps: readonly Step[]): {
  accepted: string[];
  put: number;
  delivered: number;
  lost: number;
  held: number;
} {
  const outbox = newOutbox();
  const adversary = new Adversary();
  let [now, put, delivered, lost] = [START, 0, 0, 0];
  for (const { deliver, tell, status, heartbeat, replay, passed, most, condemn } of steps) {
    let packet = outbox.unsettled;
    const isHeartbeat = heartbeat || outbox.needsHeartbeat;
    put += refill(outbox);
    packet ??= isHeartbeat ? outbox.sealHeartbeat(telemetry, now, key) : outbox.sealEntropy(now, key, most);
    const outcome = adversary.send(packet, deliver, tell, status);
    if (replay !== undefined) adversary.replay(replay);
    if (condemn) outbox.condemn();
    now += passed;
    for (const settlement of [outbox.settle(outcome), outbox.expire(now)]) {
      delivered += settlement?.delivered ?? 0;
      lost += settlement?.dropped?.bytes ?? 0;
    }
  }
  return { accepted: adversary.accepted, put, delivered, lost, held: outbox.heldBytes };
}

describe('whatever the network does', () => {
  const stories = fc.array(step, { minLength: 1, maxLength: 60 });

  test('no bytes are accepted twice, also when every packet was captured and is sent again at any time', () => {
    fc.assert(
      fc.property(stories, (steps) => {
        const { accepted } = play(steps);
        expect(new Set(accepted).size).toBe(accepted.length);
      }),
      { numRuns: 1000 },
    );
  });

  test('every byte put in is delivered, dropped or held', () => {
    fc.assert(
      fc.property(stories, (steps) => {
        const { put, delivered, lost, held } = play(steps);
        expect(delivered + lost + held).toBe(put);
      }),
    );
  });

  test('without an adversary who replays, all that counts as delivered was accepted', () => {
    fc.assert(
      fc.property(stories, (steps) => {
        const { accepted, delivered } = play(steps.map((one) => ({ ...one, replay: undefined })));
        expect(accepted.length * PART).toBeGreaterThanOrEqual(delivered);
      }),
    );
  });
});
