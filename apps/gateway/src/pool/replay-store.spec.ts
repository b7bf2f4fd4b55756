import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ReplayStore } from './replay-store.js';

const T0 = 1_760_000_000_000;
const FAILPOINT = Symbol.for('qrng.failpoint');
const HEADER_BYTES = 20;
const RECORD_BYTES = 68;

let folder: string;
let file: string;
const open: ReplayStore[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qrng-replay-'));
  file = join(folder, 'replay-state');
});
afterEach(async () => {
  Reflect.deleteProperty(globalThis, FAILPOINT);
  for (const store of open.splice(0)) await store.close();
  rmSync(folder, { recursive: true });
});

async function opened(now = T0): ReturnType<typeof ReplayStore.open> {
  const result = await ReplayStore.open(folder, now);
  open.push(result.store);
  return result;
}

function packet(sequence: number, { boot = 1n, collector = 'lab-1', timestamp = BigInt(T0) } = {}) {
  return { collector, boot, sequence: BigInt(sequence), timestamp, mac: randomBytes(32) };
}

/** Makes the file system fail at a named place, as a full disk does. */
function failAt(name: string): void {
  Reflect.set(globalThis, FAILPOINT, (reached: string) => {
    if (reached === name) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  });
}

describe('a replay state', () => {
  test('knows every accepted packet again after a restart', async () => {
    const { store, recovery } = await opened();
    expect(recovery).toEqual({ found: 'new' });
    const packets = [packet(1), packet(5), packet(7, { collector: 'lab-2' }), packet(1, { boot: 2n })];
    for (const accepted of packets) expect(await store.accept([accepted])).toBe(true);
    const again = await opened(T0 + 10_000);
    expect(again.recovery).toEqual({ found: 'whole' });
    for (const accepted of packets) expect(again.store.check(accepted)).toBe('replay');
    expect(again.store.check(packet(2, { boot: 2n }))).toBe('next');
    expect(again.store.check(packet(6))).toBe('replay');
  });

  test('that is new takes nothing stamped before it was created, also after restarts', async () => {
    for (let start = 0; start < 3; start++) {
      const { store } = await opened(T0 + start * 1000);
      expect(store.check(packet(1, { timestamp: BigInt(T0 - 1) }))).toBe('below-floor');
      expect(store.check(packet(1, { timestamp: BigInt(T0) }))).toBe('next');
    }
  });

  test('is readable by its owner alone', async () => {
    await opened();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('tells a second, different packet with one sequence from a replay, up to 15 packets later', async () => {
    const { store } = await opened();
    const packets = Array.from({ length: 20 }, (_, index) => packet(index + 1));
    for (const accepted of packets) await store.accept([accepted]);
    for (const { store: some } of [{ store }, await opened()]) {
      expect(packets.map((accepted) => some.check(accepted))).toEqual(Array(20).fill('replay'));
      const forged = packets.map(({ sequence }) => some.check(packet(Number(sequence))));
      expect(forged).toEqual([...Array<string>(4).fill('replay'), ...Array<string>(16).fill('conflict')]);
    }
  });

  test('holds 256 collectors and refuses one more, whom it could not protect', async () => {
    const { store } = await opened();
    for (let index = 0; index < 256; index++) await store.accept([packet(1, { collector: `lab-${index}` })]);
    expect(store.check(packet(1, { collector: 'one-more' }))).toBe('too-many-collectors');
    expect(store.check(packet(2, { collector: 'lab-7' }))).toBe('next');
  });

  test('does not grow without end: it is written anew with what is needed', async () => {
    const { store } = await ReplayStore.open(folder, T0, 100);
    open.push(store);
    const sizes = new Set<number>();
    for (let sequence = 1; sequence <= 250; sequence++) {
      await store.accept([packet(sequence)]);
      sizes.add(statSync(file).size);
    }
    expect(Math.max(...sizes)).toBe(HEADER_BYTES + 99 * RECORD_BYTES);
    const again = await opened();
    expect(again.store.check(packet(250))).toBe('conflict');
    expect(again.store.check(packet(251))).toBe('next');
  });
});

describe('a journal of twenty packets, of which one write can have been the last sixteen', () => {
  const packets = Array.from({ length: 20 }, (_, index) => packet(index + 1));
  const LAST_WRITE = HEADER_BYTES + 4 * RECORD_BYTES;
  let whole: Buffer;
  beforeEach(async () => {
    const { store } = await opened();
    for (const accepted of packets) await store.accept([accepted]);
    whole = readFileSync(file);
    expect(whole.length).toBe(HEADER_BYTES + 20 * RECORD_BYTES);
  });

  /** What is known of the packets when the records from byte `at` on are gone. */
  function known(at: number): string[] {
    const kept = Math.floor((at - HEADER_BYTES) / RECORD_BYTES);
    return packets.map((_, index) => (index < kept ? 'replay' : 'below-floor'));
  }

  test('torn anywhere in them keeps those before and takes nothing from before the restart', async () => {
    for (let length = LAST_WRITE + 1; length < whole.length; length += 3) {
      if ((length - HEADER_BYTES) % RECORD_BYTES === 0) continue;
      writeFileSync(file, whole.subarray(0, length));
      const { store, recovery } = await opened(T0 + 1000);
      expect([length, recovery]).toEqual([length, { found: 'torn' }]);
      expect(packets.map((accepted) => store.check(accepted))).toEqual(known(length));
      expect(store.check(packet(20, { timestamp: BigInt(T0 + 1000) }))).toBe('next');
      await store.close();
    }
  });

  test('torn is as strict as before when the clock was set back meanwhile', async () => {
    writeFileSync(file, whole.subarray(0, -1));
    const { store } = await opened(T0 - 20_000);
    expect(store.check(packet(20, { timestamp: BigInt(T0 - 1) }))).toBe('below-floor');
    expect(store.check(packet(20, { timestamp: BigInt(T0) }))).toBe('next');
  });

  test('with garbage in them is treated like a torn one', async () => {
    for (let at = LAST_WRITE; at < whole.length; at += 3) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x10, at);
      writeFileSync(file, damaged);
      const { store, recovery } = await opened(T0 + 1000);
      expect([at, recovery]).toEqual([at, { found: 'torn' }]);
      expect(packets.map((accepted) => store.check(accepted))).toEqual(known(at));
      await store.close();
    }
  });

  test('damaged anywhere else is set aside, and the new state takes nothing from before', async () => {
    for (let at = 0; at < LAST_WRITE; at++) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x10, at);
      writeFileSync(file, damaged);
      const { store, recovery } = await opened(T0 + 1000 + at);
      expect([at, recovery.found]).toEqual([at, 'lost']);
      expect(readFileSync(recovery.setAside ?? '')).toEqual(damaged);
      expect(packets.map((accepted) => store.check(accepted))).toEqual(Array(20).fill('below-floor'));
      await store.close();
    }
  });

  test('with a record lost, repeated or moved is not trusted', async () => {
    const [header, one, two, three] = [whole.subarray(0, HEADER_BYTES), ...records(whole)] as const;
    for (const wrong of [
      [one, three],
      [two, one, three],
      [one, one, two, three],
      [three, two, one],
    ]) {
      writeFileSync(file, Buffer.concat([header, ...wrong]));
      const { store, recovery } = await opened(T0 + 1000);
      expect(['lost', 'torn']).toContain(recovery.found);
      expect(packets.map((accepted) => store.check(accepted))).not.toContain('next');
      await store.close();
    }
  });

  test('cut off in its header, empty, or of another kind is not trusted', async () => {
    for (const wrong of [whole.subarray(0, 19), Buffer.alloc(0), randomBytes(500)]) {
      writeFileSync(file, wrong);
      const { store, recovery } = await opened(T0 + 1000);
      expect(recovery.found).toBe('lost');
      expect(packets.map((accepted) => store.check(accepted))).toEqual(Array(20).fill('below-floor'));
      await store.close();
    }
  });
});

describe('packets of several collectors', () => {
  const together = Array.from({ length: 16 }, (_, index) => packet(1, { collector: `lab-${index}` }));

  test('go to the disk in one write, and are all known after a restart', async () => {
    const { store } = await opened();
    let syncs = 0;
    Reflect.set(globalThis, FAILPOINT, (reached: string) => {
      if (reached === 'record-synced') syncs++;
    });
    expect(await store.accept(together)).toBe(true);
    expect(syncs).toBe(1);
    const again = await opened();
    expect(together.map((accepted) => again.store.check(accepted))).toEqual(Array(16).fill('replay'));
  });

  test('are accepted all or none', async () => {
    const { store } = await opened();
    failAt('record-synced');
    expect(await store.accept(together)).toBe(false);
    expect(together.map((refused) => store.check(refused))).toEqual(Array(16).fill('next'));
  });
});

describe('when the disk fails', () => {
  test.each(['record-unwritten', 'record-synced'])(
    'at %s nothing advances, until the whole state is in a fresh file',
    async (place) => {
      const { store } = await opened();
      await store.accept([packet(1)]);
      const next = packet(2);
      failAt(place);
      expect(await store.accept([next])).toBe(false);
      expect(store.fault()).toBe('the replay state cannot be written (ENOSPC)');
      expect(store.check(next)).toBe('next');
      expect(await store.accept([next])).toBe(false);
      failAt('journal-written');
      await store.recover();
      expect(store.fault()).toBeDefined();
      failAt('nowhere');
      await store.recover();
      expect(store.fault()).toBeUndefined();
      expect(await store.accept([next])).toBe(true);
      const again = await opened();
      expect(again.recovery).toEqual({ found: 'whole' });
      expect(again.store.check(next)).toBe('replay');
      expect(again.store.check(packet(3))).toBe('next');
    },
  );

  test('while the file is replaced, one of the two whole files is there', async () => {
    const { store } = await opened();
    const accepted = packet(1);
    await store.accept([accepted]);
    for (const place of ['journal-written', 'journal-renamed']) {
      failAt(place);
      await expect(ReplayStore.open(folder, T0)).rejects.toThrow('no space left');
      failAt('nowhere');
      const again = await opened();
      expect(again.recovery).toEqual({ found: 'whole' });
      expect(again.store.check(accepted)).toBe('replay');
    }
    expect(readdirSync(folder)).toEqual(['replay-state']);
  });
});

function records(whole: Buffer): [Buffer, Buffer, Buffer] {
  const record = (index: number): Buffer =>
    whole.subarray(HEADER_BYTES + index * RECORD_BYTES, HEADER_BYTES + (index + 1) * RECORD_BYTES);
  return [record(0), record(1), record(2)];
}
