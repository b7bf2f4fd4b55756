import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Clock } from '../clock.js';
import { DirectoryLock } from '#libs/files';
import type { AuditEvent } from './audit-event.js';
import { BEGINNING, lineHash } from './audit-line.js';
import { AuditLog } from './audit-log.js';
import { AuditTrail } from './audit-trail.js';
import { verifyTrail } from './verify-trail.js';

const NOON = Date.parse('2026-11-23T12:00:00Z');
const DAY_MS = 86_400_000;
const HOSTILE = 'a\nb\u001b[31m\u202ec\u2028d\u200be' + '\ud800' + 'x'.repeat(400);

class MovedClock extends Clock {
  time = NOON;
  override now(): number {
    return this.time;
  }
  override monotonic(): number {
    return this.time;
  }
}

let directory: string;
let clock: MovedClock;
let leftOut: AuditEvent[];
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'qrng-audit-')), 'audit');
  clock = new MovedClock();
  leftOut = [];
});
afterEach(() => rmSync(join(directory, '..'), { recursive: true }));

async function started(retentionDays = 90): Promise<AuditTrail> {
  const log = await AuditLog.open(directory, new DirectoryLock(directory, 'audit.lock'));
  const trail = new AuditTrail(log, { retentionDays, onLeftOut: (event) => leftOut.push(event) }, clock);
  trail.onApplicationBootstrap();
  return trail;
}

function stop(trail: AuditTrail): Promise<void> {
  return trail.onApplicationShutdown('SIGTERM');
}

function files(): string[] {
  return readdirSync(directory).filter((name) => name.startsWith('audit-'));
}

function lines(file = 'audit-2026-11-23.jsonl'): string[] {
  return readFileSync(join(directory, file), 'utf8').trimEnd().split('\n');
}

function events(): string[] {
  return files().flatMap((file) => lines(file).map((line) => (JSON.parse(line) as { event: string }).event));
}

async function problems(...anchors: string[]): Promise<string[]> {
  return (await verifyTrail(directory, anchors)).problems;
}

describe('the audit trail', () => {
  test('is JSON lines, each with the hash of the one before, in a file of the day', async () => {
    const trail = await started();
    trail.record('replay', {
      source: '192.0.2.7',
      collector: 'lab-1',
      boot: 2n ** 63n + 1n,
      sequence: 2n ** 64n - 1n,
      reason: 'seen before',
    });
    await stop(trail);
    const [first = '', second = '', third = ''] = lines();
    const time = '2026-11-23T12:00:00.000Z';
    expect(JSON.parse(first)).toEqual({ time, event: 'started', previous: BEGINNING });
    expect(JSON.parse(second)).toEqual({
      time,
      event: 'replay',
      source: '192.0.2.7',
      collector: 'lab-1',
      boot: '9223372036854775809',
      sequence: '18446744073709551615',
      reason: 'seen before',
      previous: lineHash(first),
    });
    expect(JSON.parse(third)).toMatchObject({
      event: 'stopped',
      reason: 'SIGTERM',
      previous: lineHash(second),
    });
    expect(await verifyTrail(directory)).toMatchObject({
      files: 1,
      lines: 3,
      last: lineHash(third),
      problems: [],
    });
  });

  test('is for its owner alone', async () => {
    await stop(await started());
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const file of [...files(), 'head']) expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
  });

  test('strips control, bidirectional and zero-width characters and cuts text to 256', async () => {
    const trail = await started();
    trail.record('authentication-failed', { client: HOSTILE, reason: HOSTILE });
    await stop(trail);
    const { client, reason } = JSON.parse(lines()[1] ?? '') as { client: string; reason: string };
    expect(client).toBe(`ab[31mcde${'x'.repeat(247)}`);
    expect(reason).toBe(client);
  });

  test('chains over days and restarts', async () => {
    for (let day = 0; day < 3; day++) {
      const trail = await started();
      trail.record('stale');
      clock.time += DAY_MS;
      trail.record('stale');
      await stop(trail);
    }
    expect(files()).toEqual(['23', '24', '25', '26'].map((day) => `audit-2026-11-${day}.jsonl`));
    expect(await verifyTrail(directory)).toMatchObject({ files: 4, lines: 12, problems: [], notes: [] });
  });

  test('stays in order when the clock goes back over midnight', async () => {
    const trail = await started();
    await stop(trail);
    clock.time -= DAY_MS;
    await stop(await started());
    expect(files()).toEqual(['audit-2026-11-23.jsonl']);
    expect(await problems()).toEqual([]);
  });

  test('goes on after kill -9 with a torn line, which is cut off', async () => {
    await stop(await started());
    appendFileSync(join(directory, 'audit-2026-11-23.jsonl'), '{"time":"2026-11-23T12:00:0');
    await stop(await started());
    expect(events()).toEqual(['started', 'stopped', 'started', 'stopped']);
    expect(lines()[2]).toContain('a torn line of 27 bytes was cut off');
    expect(await problems()).toEqual([]);
  });

  test('goes on after a crash between a line and the head', async () => {
    await stop(await started());
    const head = readFileSync(join(directory, 'head'));
    await stop(await started());
    writeFileSync(join(directory, 'head'), head);
    expect(await verifyTrail(directory)).toMatchObject({
      problems: [],
      notes: [expect.stringContaining('last 2 lines')],
    });
    await stop(await started());
    expect(await verifyTrail(directory)).toMatchObject({ problems: [], notes: [] });
  });

  test('keeps the days that it is told to, and says which files went', async () => {
    for (let day = 0; day < 6; day++) {
      await stop(await started(3));
      clock.time += DAY_MS;
    }
    expect(files()).toEqual(['26', '27', '28'].map((day) => `audit-2026-11-${day}.jsonl`));
    expect(events().filter((event) => event === 'file-removed')).toHaveLength(3);
    expect(await verifyTrail(directory)).toMatchObject({
      problems: [],
      notes: [expect.stringContaining('retention')],
    });
    rmSync(join(directory, 'audit-2026-11-26.jsonl'));
    expect(await problems()).toEqual(['audit-2026-11-27.jsonl:1: lines or files before it are missing']);
  });

  test('is all there after a clock that leapt 100 days ahead and came back, but for the oldest file', async () => {
    for (let day = 0; day < 5; day++) {
      await stop(await started(5));
      clock.time += DAY_MS;
    }
    const before = files();
    clock.time += 100 * DAY_MS;
    await stop(await started(5));
    clock.time -= 100 * DAY_MS;
    await stop(await started(5));
    expect(files().slice(0, -1)).toEqual(before.slice(1));
    expect(await problems()).toEqual([]);
  });

  test('has every line in the file of its true day once a clock that was ahead has come back', async () => {
    const trail = await started();
    trail.record('keys-reloaded');
    await stop(trail);
    for (let day = 0; day < 2; day++) {
      clock.time += 100 * DAY_MS; // two files of days to come
      await stop(await started());
    }
    clock.time -= 200 * DAY_MS;
    const back = await started();
    back.record('keys-reloaded');
    await stop(back);
    expect(files().sort()).toEqual([
      'audit-2026-11-23.1.jsonl',
      'audit-2026-11-23.2.jsonl',
      'audit-2026-11-23.jsonl',
    ]);
    expect(lines('audit-2026-11-23.2.jsonl').at(-2)).toContain('"keys-reloaded"');
    clock.time += DAY_MS;
    await stop(await started());
    expect(lines('audit-2026-11-24.jsonl')).toHaveLength(2);
    expect(await problems()).toEqual([]);
    rmSync(join(directory, 'audit-2026-11-23.1.jsonl'));
    expect(await problems()).toEqual([
      expect.stringContaining('audit-2026-11-23.2.jsonl:1: does not follow'),
    ]);
  });

  test('goes on in the same file where the clock goes back over midnight', async () => {
    clock.time = Date.parse('2026-11-24T00:00:01Z');
    await stop(await started());
    clock.time -= 2000;
    await stop(await started());
    expect(files()).toEqual(['audit-2026-11-24.jsonl']);
    expect(await problems()).toEqual([]);
  });

  test('is not for two gateways at a time', async () => {
    const trail = await started();
    await expect(started()).rejects.toThrow('another process uses the directory');
    await stop(trail);
  });
});

describe('somebody who floods it', () => {
  const SECOND = 1000;

  test('gets ten lines a source and ten more a minute; what was left out is counted', async () => {
    const trail = await started();
    for (let count = 0; count < 500; count++) trail.record('hmac-failed', { source: '192.0.2.1' });
    clock.time += 60 * SECOND;
    for (let count = 0; count < 500; count++) trail.record('hmac-failed', { source: '192.0.2.1' });
    await stop(trail);
    expect(events().filter((event) => event === 'hmac-failed')).toHaveLength(20);
    expect(lines().at(-2)).toContain('"event":"left-out","reason":"hmac-failed","count":980');
    expect(leftOut).toHaveLength(980);
    expect(await problems()).toEqual([]);
  });

  test('hides neither another source nor another event', async () => {
    const trail = await started();
    for (let count = 0; count < 50; count++) trail.record('hmac-failed', { source: '192.0.2.1' });
    trail.record('hmac-failed', { source: '192.0.2.2' });
    trail.record('conflict', { source: '192.0.2.1' });
    trail.record('certificate-reloaded');
    await stop(trail);
    expect(events().slice(11, 14)).toEqual(['hmac-failed', 'conflict', 'certificate-reloaded']);
  });

  test('from many addresses of one IPv6 network is one source', async () => {
    const trail = await started();
    for (let count = 0; count < 50; count++) trail.record('stale', { source: `2001:db8:0:1::${count}` });
    await stop(trail);
    expect(events().filter((event) => event === 'stale')).toHaveLength(10);
  });
});

describe('when it cannot be written', () => {
  test('says so, keeps a bounded number of lines, and writes them once it can', async () => {
    const trail = await started();
    await until(() => events().length === 1);
    const elsewhere = `${directory}-moved`;
    renameSync(directory, elsewhere);
    trail.record('conflict', { source: '192.0.2.1' });
    await until(() => trail.fault() !== undefined);
    expect(trail.fault()).toBe('the audit trail cannot be written (ENOENT)');
    for (let count = 0; count < 5000; count++) trail.record('keys-reloaded');
    expect(leftOut).toHaveLength(1001);
    renameSync(elsewhere, directory);
    await until(() => trail.fault() === undefined);
    expect(events()).toHaveLength(4001);
    await stop(trail);
    expect(lines().at(-2)).toContain('"event":"left-out","reason":"keys-reloaded","count":1001');
    expect(await problems()).toEqual([]);
  });
});

describe('the verifier', () => {
  const DAY1 = 'audit-2026-11-23.jsonl';
  const DAY2 = 'audit-2026-11-24.jsonl';
  beforeEach(async () => {
    for (let day = 0; day < 2; day++) {
      const trail = await started();
      for (const sequence of [1n, 2n, 3n]) trail.record('replay', { source: '192.0.2.1', sequence });
      await stop(trail);
      clock.time += DAY_MS;
    }
    expect(await verifyTrail(directory)).toMatchObject({ files: 2, lines: 10, problems: [], notes: [] });
  });

  function rewrite(file: string, change: (all: string[]) => string[]): void {
    writeFileSync(
      join(directory, file),
      change(lines(file))
        .map((line) => `${line}\n`)
        .join(''),
    );
  }

  test('finds any one changed line', async () => {
    for (const file of [DAY1, DAY2]) {
      const before = lines(file);
      for (const index of before.keys()) {
        rewrite(file, (all) => all.with(index, (all[index] ?? '').replace('2026', '2025')));
        expect([file, index, await problems()]).not.toEqual([file, index, []]);
        rewrite(file, () => before);
      }
    }
    expect(await problems()).toEqual([]);
  });

  test('finds any one missing line, the first and the last too', async () => {
    for (const file of [DAY1, DAY2]) {
      const before = lines(file);
      for (const index of before.keys()) {
        rewrite(file, (all) => all.toSpliced(index, 1));
        expect([file, index, await problems()]).not.toEqual([file, index, []]);
        rewrite(file, () => before);
      }
    }
  });

  test('finds two lines that changed places, a repeated one, and one that was put in', async () => {
    const before = lines(DAY1);
    for (const index of before.keys()) {
      const [line = '', next = line] = before.slice(index);
      for (const wrong of [
        [next, line],
        [line, line, next],
        [line, '{}', next],
        [line, '', next],
      ]) {
        rewrite(DAY1, (all) => all.toSpliced(index, 2, ...wrong));
        expect([index, wrong, await problems()]).not.toEqual([index, wrong, []]);
        rewrite(DAY1, () => before);
      }
    }
  });

  test('finds a file that is cut off anywhere', async () => {
    for (const file of [DAY1, DAY2]) {
      const before = readFileSync(join(directory, file));
      for (let length = 0; length < before.length; length += 7) {
        writeFileSync(join(directory, file), before.subarray(0, length));
        expect([file, length, await problems()]).not.toEqual([file, length, []]);
        writeFileSync(join(directory, file), before);
      }
    }
  });

  test.each([[DAY1], [DAY2], ['head'], [DAY1, DAY2], [DAY1, DAY2, 'head']])(
    'finds that %p %p %p is missing',
    async (...gone) => {
      for (const file of gone) rmSync(join(directory, file), { force: true });
      expect(await problems()).not.toEqual([]);
    },
  );

  test('finds what was cut off also after the gateway went on', async () => {
    rewrite(DAY2, (all) => all.slice(0, -1));
    await stop(await started());
    expect(events()).toContain('trail-damaged');
    expect(await problems()).toEqual([
      'audit-2026-11-25.jsonl:1: does not follow the line before it: that one was changed, or lines are missing',
      'audit-2026-11-25.jsonl:1: the gateway found the trail damaged when it started',
    ]);
  });

  test('finds by an anchor that all of it was written again', async () => {
    const anchor = (await verifyTrail(directory)).last;
    expect(await problems(anchor)).toEqual([]);
    rmSync(directory, { recursive: true });
    await stop(await started());
    expect(await problems()).toEqual([]);
    expect(await problems(anchor)).toEqual([`anchor ${anchor}: no line has this hash`]);
  });
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('waited too long');
    await new Promise((wake) => setTimeout(wake, 10));
  }
}
