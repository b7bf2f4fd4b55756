/** A day in which a source comes and goes, on a clock that the test moves: what its log is by the evening. */
import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { SourceHealth } from '#libs/entropy';
import { SourceError } from '#libs/quantis';
import type { EntropySource } from '#libs/quantis';
import { Bell } from '../bell.js';
import { Ledger } from '../ledger/ledger.js';
import { SourceState } from './source-state.js';
import { SourceWorker } from './source-worker.js';

const MINUTE_MS = 60_000;
const HOURS = 24;

let lines: string[];
beforeEach(() => {
  lines = [];
  const note = (fields: unknown): void => void lines.push((fields as { event: string }).event);
  Logger.overrideLogger({ log: note, warn: note, error: note, fatal: note });
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
});
afterEach(() => {
  jest.useRealTimers();
  Logger.overrideLogger(['error']);
});

/** Answers, or not, as `answers` says at the time. */
function source(answers: (minute: number) => Buffer | undefined): EntropySource {
  return {
    name: 'lab',
    fetch: () => {
      const answer = answers(Math.floor(performance.now() / MINUTE_MS));
      return answer === undefined
        ? Promise.reject(new SourceError('timeout', 'not complete in time'))
        : Promise.resolve(answer);
    },
    close: () => Promise.resolve(),
  };
}

/** A day with one fetch in ten seconds; gives the lines by event. */
async function day(answers: (minute: number) => Buffer | undefined): Promise<Record<string, number>> {
  const worker = new SourceWorker(
    source(answers),
    new SourceHealth('lab'),
    new SourceState(100, 30_000),
    new Ledger(),
    {
      ...{ chunkSize: 8192, intervalMs: 10_000, unit: 1, roomCame: new Bell() },
      room: () => Infinity,
      onChange: () => worker.clear(),
      dropPassedOn: () => 0,
    },
  );
  const running = worker.run();
  await jest.advanceTimersByTimeAsync(HOURS * 60 * MINUTE_MS);
  worker.stop();
  await running;
  return Object.fromEntries(
    [...new Set(lines)].map((event) => [event, lines.filter((line) => line === event).length]),
  );
}

test('a source that is away every other minute writes some lines an hour', async () => {
  const events = await day((minute) => (minute % 2 === 0 ? randomBytes(8192) : undefined));
  expect(Object.keys(events).sort()).toEqual(['source-failing', 'source-up']);
  // Four of each at once, then one each quarter of an hour: 720 outages are 100 lines.
  for (const count of Object.values(events)) expect(count).toBeLessThanOrEqual(4 + 4 * HOURS);
  expect(events['source-failing']).toBeGreaterThan(2 * HOURS);
});

test('a source that lies every other minute is latched, and quiet from then on', async () => {
  const events = await day((minute) => (minute % 2 === 0 ? randomBytes(8192) : Buffer.alloc(8192, 7)));
  expect(events['source-latched']).toBe(1);
  expect(lines.length).toBeLessThan(30);
});
