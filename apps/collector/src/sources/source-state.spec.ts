import { describe, expect, test } from '@jest/globals';
import { SourceState } from './source-state.js';

const MAX = 1000;
const newState = (): SourceState => new SourceState(100, MAX);

describe('SourceState', () => {
  test('passes nothing on before the start-up test is over', () => {
    const state = newState();
    expect(state.fetched('start_up', 0)).toMatchObject({ drop: 'start_up' });
    expect(state.name).toBe('starting');
    expect(state.fetched('pass', 0)).toEqual({ dropBuffered: false, waitMs: 0 });
    expect(state.name).toBe('up');
  });

  test('drops a block that failed softly, and goes on', () => {
    const state = newState();
    state.fetched('pass', 0);
    expect(state.fetched('soft', 0)).toEqual({ drop: 'health', dropBuffered: false, waitMs: 0 });
    expect(state.name).toBe('up');
  });

  test('after a hard failure drops all that is left of the source and starts it anew', () => {
    const state = newState();
    state.fetched('pass', 0);
    const decision = state.fetched('hard', 0);
    expect(decision).toMatchObject({ drop: 'quarantine', dropBuffered: true });
    expect(state.name).toBe('quarantined');
    state.fetched('start_up', 1);
    expect(state.name).toBe('quarantined');
    state.fetched('pass', 2);
    expect(state.name).toBe('up');
  });

  test('stays in quarantine over failed fetches', () => {
    const state = newState();
    state.fetched('hard', 0);
    state.failed();
    expect(state.name).toBe('quarantined');
  });

  test('leaves a source that fails alone for as long as it asks, within the limit', () => {
    const state = newState();
    expect(state.failed(700)).toBe(700);
    expect(state.failed(70_000)).toBe(MAX);
    expect(state.name).toBe('failing');
    state.fetched('pass', 0);
    expect(state.name).toBe('up');
  });

  test('waits longer and longer for a source that fails its tests soon after each start-up', () => {
    const state = newState();
    const longest = (): number => {
      let most = 0;
      for (let i = 0; i < 50; i++) {
        most = Math.max(most, state.fetched('hard', 0).waitMs, (state.fetched('pass', 0), 0));
      }
      return most;
    };
    expect(longest()).toBeGreaterThan(100);
    state.fetched('pass', MAX); // healthy for as long as the longest back-off
    expect(state.fetched('hard', MAX).waitMs).toBeLessThanOrEqual(100);
  });
});
