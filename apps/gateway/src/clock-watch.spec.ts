import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Counter, Registry } from 'prom-client';
import { DirectoryLock } from '#libs/files';
import { AuditLog } from './audit/audit-log.js';
import { AuditTrail } from './audit/audit-trail.js';
import { Clock } from './clock.js';
import { ClockWatch } from './clock-watch.js';

class MovedClock extends Clock {
  wall = Date.parse('2026-11-27T12:00:00Z');
  steady = 0;
  override now(): number {
    return this.wall;
  }
  override monotonic(): number {
    return this.steady;
  }
  pass(ms: number): void {
    this.wall += ms;
    this.steady += ms;
  }
}

let folder: string;
let clock: MovedClock;
let trail: AuditTrail;
let watch: ClockWatch;
let leaps: Counter;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clock-watch-'));
  clock = new MovedClock();
  leaps = new Counter({ name: 'leaps', help: 'leaps', registers: [new Registry()] });
  const log = await AuditLog.open(folder, new DirectoryLock(folder, 'audit.lock'));
  trail = new AuditTrail(log, { retentionDays: 90, onLeftOut: () => undefined }, clock);
  watch = new ClockWatch(clock, trail, leaps);
});
afterEach(() => rmSync(folder, { recursive: true }));

async function counted(): Promise<number | undefined> {
  return (await leaps.get()).values[0]?.value;
}

/** The reasons of the leaps in the audit trail, which is closed then. */
async function recorded(): Promise<string[]> {
  await trail.onApplicationShutdown('SIGTERM');
  const lines = readFileSync(join(folder, 'audit-2026-11-27.jsonl'), 'utf8').trimEnd().split('\n');
  return lines
    .map((line) => JSON.parse(line) as { event: string; reason: string })
    .flatMap(({ event, reason }) => (event === 'clock-leapt' ? [reason] : []));
}

test('a clock that is slewed, or a look that comes late, is no leap', async () => {
  for (const ms of [1000, 1001, 90_000]) {
    clock.pass(ms);
    clock.wall += ms / 2000;
    watch.look();
  }
  expect([await counted(), await recorded()]).toEqual([0, []]);
});

test('each leap counts once, ahead and back, and the audit trail has it', async () => {
  for (const leap of [3_600_000, -3_600_000, -1500]) {
    clock.pass(1000);
    clock.wall += leap;
    watch.look();
    clock.pass(1000);
    watch.look();
  }
  expect(await counted()).toBe(3);
  expect(await recorded()).toEqual(['3600 s ahead', '3600 s back', '1.5 s back']);
});
