import { describe, expect, test } from '@jest/globals';
import { RunClock } from './run-clock.js';

const T0 = 1_790_000_000_000;

describe('the timestamps of a run', () => {
  test('are those of the wall clock', () => {
    const clock = new RunClock(T0, 5000);
    expect(clock.read(T0, 5000)).toEqual({ timestamp: T0 });
    expect(clock.read(T0 + 1000, 6000)).toEqual({ timestamp: T0 + 1000 });
  });

  test('stand still while a clock that went back by no more than the skew catches up', () => {
    const clock = new RunClock(T0, 0);
    expect(clock.read(T0 - 60_000, 1)).toEqual({ timestamp: T0 });
    expect(clock.read(T0 - 30_000, 30_001)).toEqual({ timestamp: T0 });
    expect(clock.read(T0 + 1, 60_002)).toEqual({ timestamp: T0 + 1 });
  });

  test('end when the clock is set right again: a restored machine looks the same', () => {
    const clock = new RunClock(T0, 0);
    expect(clock.read(T0 - 20_000, 1)).toEqual({ timestamp: T0 });
    expect(clock.read(T0 + 2, 2)).toEqual({ fault: 'clock-leapt', byMs: 20_001 });
  });

  test('end with a leap that comes after a step back, which would hide it if both were taken together', () => {
    const clock = new RunClock(T0, 0);
    expect(clock.read(T0 - 22_000, 1)).toEqual({ timestamp: T0 });
    expect(clock.read(T0 - 18_000, 1000)).toEqual({ fault: 'clock-leapt', byMs: 3001 });
  });

  test('end with a clock that goes back by more', () => {
    const clock = new RunClock(T0, 0);
    expect(clock.read(T0 - 60_001, 1)).toEqual({ fault: 'clock-went-back', byMs: 60_001 });
  });

  test('end with a clock that goes back step by step, by more than the skew in all', () => {
    const clock = new RunClock(T0, 0);
    for (let step = 1; step <= 6; step++) {
      expect(clock.read(T0 - step * 10_000, step)).toEqual({ timestamp: T0 });
    }
    expect(clock.read(T0 - 70_000, 7)).toMatchObject({ fault: 'clock-went-back' });
  });

  test.each([1001, 60_000, 86_400_000])(
    'end with a wall clock that gains %i ms on the monotonic one, as after a restored snapshot',
    (leap) => {
      const clock = new RunClock(T0, 0);
      expect(clock.read(T0 + 10_000, 10_000)).toEqual({ timestamp: T0 + 10_000 });
      expect(clock.read(T0 + 10_000 + leap, 10_000)).toEqual({ fault: 'clock-leapt', byMs: leap });
    },
  );

  test('bear the small steps of a clock that is kept right', () => {
    const clock = new RunClock(T0, 0);
    expect(clock.read(T0 + 1000, 0)).toEqual({ timestamp: T0 + 1000 });
    expect(clock.read(T0 + 500, 0)).toEqual({ timestamp: T0 + 1000 });
    expect(clock.read(T0 + 1400, 0)).toEqual({ timestamp: T0 + 1400 });
  });
});
