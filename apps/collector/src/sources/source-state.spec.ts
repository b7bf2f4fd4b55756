import { describe, expect, test } from '@jest/globals';
import { BLOCK_BYTES } from '#libs/entropy';
import { SourceState } from './source-state.js';
import type { Decision } from './source-state.js';

const MAX = 30_000;
const DAY = 86_400_000;
const newState = (): SourceState => new SourceState(100, MAX);
const PASS: Decision = { failed: false, waitMs: 0 };

const verdict = (tier: 'pass' | 'soft' | 'hard', window = BLOCK_BYTES) => ({ tier, window });

/** Good blocks until the first is passed on; how many of them that took. */
function startUp(state: SourceState, now: number): number {
  for (let blocks = 1; blocks <= 5000; blocks++) {
    if (state.judged(verdict('pass'), now).drop === undefined) return blocks;
  }
  return Infinity;
}

describe('SourceState', () => {
  test('passes nothing on before a block has passed its tests', () => {
    const state = newState();
    expect(state.name).toBe('starting');
    expect(state.judged(verdict('soft'), 0)).toEqual({ drop: 'health', failed: false, waitMs: 0 });
    expect(state.name).toBe('starting');
    expect(state.judged(verdict('pass'), 0)).toEqual(PASS);
    expect(state.name).toBe('up');
  });

  test('drops a block that failed softly, and goes on', () => {
    const state = newState();
    startUp(state, 0);
    expect(state.judged(verdict('soft'), 0)).toEqual({ drop: 'health', failed: false, waitMs: 0 });
    expect([state.judged(verdict('pass'), 0), state.name]).toEqual([PASS, 'up']);
  });

  test('a third soft failure within 2^20 blocks is a hard one', () => {
    const state = newState();
    startUp(state, 0);
    for (let i = 0; i < 2; i++) {
      expect(state.judged(verdict('soft'), 0).failed).toBe(false);
      for (let block = 0; block < 400_000; block++) state.judged(verdict('pass'), 0);
    }
    expect(state.judged(verdict('soft'), 0)).toMatchObject({ drop: 'quarantine', failed: true });
    expect(state.name).toBe('intermittent');
  });

  test('soft failures further apart do not add up', () => {
    const state = newState();
    startUp(state, 0);
    for (let i = 0; i < 5; i++) {
      expect(state.judged(verdict('soft'), 0).failed).toBe(false);
      for (let block = 0; block < 2 ** 19; block++) state.judged(verdict('pass'), 0);
    }
    expect(state.name).toBe('up');
  });

  test('the start-up is twice as long for each failure within a day', () => {
    const state = newState();
    const lengths = [startUp(state, 0)];
    for (let i = 0; i < 9; i++) {
      expect(state.judged(verdict('hard'), i).failed).toBe(true);
      expect(state.name).toBe('intermittent');
      lengths.push(startUp(state, i));
    }
    expect(lengths).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
    state.judged(verdict('hard'), 2 * DAY);
    expect(startUp(state, 2 * DAY)).toBe(2);
  });

  test('the start-up is as long as the window in which a failure of that day showed', () => {
    const state = newState();
    state.judged(verdict('hard', 2 ** 20), 0);
    expect(startUp(state, 0)).toBe(128);
    state.judged(verdict('hard'), 1);
    expect(startUp(state, 1)).toBe(128);
    state.judged(verdict('hard'), 2 * DAY);
    expect(startUp(state, 2 * DAY)).toBe(2);
  });

  test('the tenth failure within a day is for an operator', () => {
    const state = newState();
    for (let i = 0; i < 10; i++) state.judged(verdict('hard'), i * 60_000);
    expect(state.name).toBe('persistent');
    state.outage(DAY);
    expect(state.name).toBe('persistent');
    expect([state.release(), state.name, state.release()]).toEqual([true, 'starting', false]);
    expect(startUp(state, DAY)).toBe(1);
  });

  test('nine failures a day for a year are nine start-ups a day, and no latch', () => {
    const state = newState();
    for (let hour = 0; hour < 365 * 24; hour += 3) {
      state.judged(verdict('hard'), hour * 3_600_000);
      expect(startUp(state, hour * 3_600_000)).toBeLessThanOrEqual(512);
    }
    expect(state.name).toBe('up');
  });

  describe('an outage', () => {
    test('is followed by a start-up test', () => {
      const state = newState();
      startUp(state, 0);
      state.judged(verdict('hard'), 0);
      startUp(state, 0);
      expect(state.outage(1)).toBeGreaterThanOrEqual(0);
      expect(state.name).toBe('failing');
      state.answered();
      expect(state.name).toBe('starting');
      expect(startUp(state, 1)).toBe(2);
    });

    test('does not end a quarantine', () => {
      const state = newState();
      state.judged(verdict('hard'), 0);
      state.outage(0);
      state.answered();
      expect(state.name).toBe('intermittent');
    });

    test('leaves a source alone for as long as it asks, within the limit', () => {
      const state = newState();
      expect(state.outage(0, 700)).toBe(700);
      expect(state.outage(0, 70_000)).toBe(MAX);
    });
  });

  test('a good source that is away now and then loses nothing', () => {
    const state = newState();
    for (let i = 0; i < 1000; i++) {
      state.outage(i);
      state.answered();
      expect(state.judged(verdict('pass'), i)).toEqual(PASS);
    }
  });

  test('over a day of flapping, bad for a second in every two minutes, at most ten bad blocks come to be judged', () => {
    // 500 kB/s, on a clock of its own; each bad block is found out, as "every byte twice" is.
    const state = newState();
    const msPerBlock = BLOCK_BYTES / 500;
    let [now, passed, bad, latchedAt] = [0, 0, 0, Infinity];
    while (now < DAY && state.name !== 'persistent') {
      const isBad = now % 120_000 < 1000;
      const { drop, waitMs } = state.judged(verdict(isBad ? 'hard' : 'pass'), now);
      if (isBad) bad++;
      if (drop === undefined) passed++;
      now += msPerBlock + waitMs;
      if ((state.name as string) === 'persistent') latchedAt = now;
    }
    expect(bad).toBe(10);
    expect(latchedAt).toBeLessThan(3_600_000);
    expect(passed).toBeGreaterThan(1000);
  });

  test('over a day of a lie that is found out in one block of a hundred, no more than its first passes leak', () => {
    // What passes before it is latched: each time about a hundred blocks less the start-up, which soon takes all of them.
    let leaked = 0;
    const state = newState();
    let dice = 1;
    for (let block = 0; state.name !== 'persistent'; block++) {
      dice = (Math.imul(dice, 48_271) >>> 0) % 2_147_483_647;
      const { drop } = state.judged(verdict(dice % 100 === 0 ? 'hard' : 'pass'), block * 16);
      if (drop === undefined) leaked++;
      expect(block).toBeLessThan(100_000);
    }
    expect(leaked).toBeLessThan(600);
  });
});
