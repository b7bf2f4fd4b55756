import { describe, expect, test } from '@jest/globals';
import { Pace } from './pace.js';

describe('Pace', () => {
  test('what was taken is paid for in time before more is taken', () => {
    let now = 0;
    const pace = new Pace(1000, () => now);
    expect(pace.isFree).toBe(true);
    pace.took(250);
    expect(pace.isFree).toBe(false);
    now = 249;
    expect(pace.isFree).toBe(false);
    now = 250;
    expect(pace.isFree).toBe(true);
  });

  test('idle time is not saved up', () => {
    let now = 0;
    const pace = new Pace(1000, () => now);
    now = 60_000;
    pace.took(500);
    now = 60_499;
    expect(pace.isFree).toBe(false);
  });

  test('a wait ends with its signal', async () => {
    const pace = new Pace(1);
    pace.took(1000);
    await expect(pace.free(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });
});
