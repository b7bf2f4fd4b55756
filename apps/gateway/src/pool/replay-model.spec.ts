/**
 * The promise of admission, tested against an attacker who owns the network and everything that can go wrong around it:
 * no packet is admitted twice, and no two packets with one (boot, sequence). Runs print their seed when they fail.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, truncateSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Packet } from '#libs/crypto';
import { Clock } from '../clock.js';
import { freshness } from '../admission/freshness.js';
import { EmbeddedPool } from './embedded-pool.js';
import { ExpiringBuffer } from './expiring-buffer.js';
import { ReplayStore } from './replay-store.js';

const T0 = 1_760_000_000_000;
const WINDOW = { ttlMs: 300_000, skewMs: 60_000 };
/** Memory where there is some: here it is the order of events that matters, not the disk. */
const FOLDERS = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

class MovedClock extends Clock {
  time = T0;
  override now(): number {
    return this.time;
  }
}

type Step =
  | { do: 'send' | 'send-lost-answer'; collector: number }
  | { do: 'replay' | 'replay-in-flight'; pick: number }
  | { do: 'skip'; collector: number; boots: number }
  | { do: 'move-clock'; ms: number; collector?: number | undefined }
  | { do: 'restart' | 'crash' | 'tear' | 'lose-state' };

/** One collector as the contract has it: boot never falls, one packet at a time, the same bytes after a lost answer. */
class Sender {
  boot = 1n;
  sequence = 0n;
  leadMs = 0;
  unsettled: Packet | undefined;

  constructor(readonly id: string) {}

  /** Restarts so many times; 0: loses three packets before they are sent. */
  leap(boots: number): void {
    this.boot += BigInt(boots);
    this.sequence = boots === 0 ? this.sequence + 3n : 0n;
    this.unsettled = undefined;
  }

  next(now: number): Packet {
    this.sequence += 1n;
    const text = `${this.id} ${this.boot} ${this.sequence} ${now + this.leadMs}`;
    return {
      type: 'entropy',
      collector: this.id,
      boot: this.boot,
      sequence: this.sequence,
      timestamp: BigInt(now + this.leadMs),
      age: 0,
      keyId: '00000000',
      data: Buffer.from([1]),
      mac: createHash('sha256').update(text).digest(),
    };
  }
}

class World {
  readonly clock = new MovedClock();
  readonly folder = mkdtempSync(join(FOLDERS, 'qrng-model-'));
  readonly senders = ['lab-1', 'lab-2'].map((id) => new Sender(id));
  /** Everything that was ever on the wire: the attacker has it all. */
  readonly wire: Packet[] = [];
  readonly admitted: Packet[] = [];
  #pool: EmbeddedPool | undefined;

  async start(): Promise<void> {
    const { store } = await ReplayStore.open(this.folder, this.clock.now(), 5);
    const buffer = new ExpiringBuffer(
      { capacity: 1_000_000, overflow: 'discard', ttlMs: 0 },
      () => undefined,
    );
    this.#pool = new EmbeddedPool(store, buffer, this.clock);
  }

  async stop(): Promise<void> {
    await this.#pool?.close();
  }

  async deliver(packet: Packet): Promise<string> {
    if (freshness(packet.timestamp, this.clock.now(), WINDOW) !== 'fresh') return 'not fresh';
    const { result } = (await this.#pool?.admit(packet)) ?? { result: 'down' };
    if (result === 'accepted') this.admitted.push(packet);
    return result;
  }

  async send(sender: Sender, answerLost: boolean): Promise<void> {
    const packet = sender.unsettled ?? sender.next(this.clock.now());
    this.wire.push(packet);
    const result = await this.deliver(packet);
    const settled = result === 'accepted' || result === 'replay' || result === 'not fresh';
    sender.unsettled = answerLost || !settled ? packet : undefined;
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'send':
      case 'send-lost-answer':
        return this.send(this.#sender(step.collector), step.do === 'send-lost-answer');
      case 'replay':
      case 'replay-in-flight':
        return this.#replay(step.pick, step.do === 'replay' ? 1 : 4);
      case 'skip':
        this.#sender(step.collector).leap(step.boots);
        return;
      case 'move-clock':
        this.#moveClock(step);
        return;
      case 'crash': // the old process is gone with its memory; what it synced is there
        return this.start();
      case 'restart':
      case 'tear':
      case 'lose-state':
        await this.stop();
        if (step.do === 'tear') truncateSync(this.#file, this.#tornLength());
        if (step.do === 'lose-state') this.#loseState();
        return this.start();
    }
  }

  #moveClock({ ms, collector: index }: { ms: number; collector?: number | undefined }): void {
    if (index === undefined) this.clock.time += ms;
    else this.#sender(index).leadMs += ms;
  }

  async #replay(pick: number, copies: number): Promise<void> {
    const packet = this.wire[pick % Math.max(1, this.wire.length)];
    if (packet === undefined) return;
    await Promise.all(Array.from({ length: copies }, () => this.deliver(packet)));
  }

  #tornLength(): number {
    return Math.max(20, statSync(this.#file).size - 1 - (this.wire.length % 67));
  }

  #loseState(): void {
    if (this.wire.length % 2 === 0) rmSync(this.#file);
    else writeFileSync(this.#file, 'garbage');
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true });
  }

  get #file(): string {
    return join(this.folder, 'replay-state');
  }

  #sender(index: number): Sender {
    const sender = this.senders[index % this.senders.length];
    if (sender === undefined) throw new RangeError('no such collector');
    return sender;
  }
}

const collector = fc.nat({ max: 1 });
const pick = fc.nat({ max: 60 });
const sending = fc.oneof(
  fc.record({ do: fc.constantFrom('send', 'send-lost-answer'), collector }),
  fc.record({ do: fc.constantFrom('replay', 'replay-in-flight'), pick }),
  fc.record({ do: fc.constant('skip'), collector, boots: fc.nat({ max: 3 }) }),
);
const anyClock = fc.integer({ min: -400_000, max: 400_000 });
const both = fc.oneof(
  { weight: 5, arbitrary: sending },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('move-clock'), ms: anyClock }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('move-clock'), collector, ms: anyClock }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('restart', 'crash') }) },
);
const forward = fc.oneof(
  { weight: 5, arbitrary: sending },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('move-clock'), ms: fc.integer({ min: 1, max: 9000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('restart', 'crash') }) },
);

async function run(steps: readonly Step[]): Promise<World> {
  const world = new World();
  try {
    await world.start();
    for (const step of steps) {
      // Time passes between any two steps: a state that is created later is newer than what was sent before.
      world.clock.time += 1;
      await world.take(step);
    }
  } finally {
    await world.end();
  }
  return world;
}

function expectEachOnce({ admitted }: World): void {
  const macs = admitted.map(({ mac }) => mac.toString('hex'));
  expect(new Set(macs).size).toBe(macs.length);
  const positions = admitted.map(({ collector: id, boot, sequence }) => `${id} ${boot} ${sequence}`);
  expect(new Set(positions).size).toBe(positions.length);
}

describe('no packet is admitted twice', () => {
  test('whatever is sent, copied, reordered, restarted or crashed, and wherever the clocks go', async () => {
    let admitted = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(both, { maxLength: 30, size: 'max' }), async (steps) => {
        const world = await run(steps);
        expectEachOnce(world);
        admitted += world.admitted.length;
      }),
      { numRuns: 1200 },
    );
    expect(admitted).toBeGreaterThan(1200); // else the runs would have tested nothing
  }, 300_000);

  test('also when the state is lost or torn, as long as no clock runs back or ahead', async () => {
    const damage = fc.record({ do: fc.constantFrom('tear', 'lose-state') });
    const step = fc.oneof({ weight: 6, arbitrary: forward }, { weight: 1, arbitrary: damage });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30, size: 'max' }), async (steps) => {
        expectEachOnce(await run(steps));
      }),
      { numRuns: 1200 },
    );
  }, 300_000);
});
