import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { fetchLimitMs, withDeadline } from './with-deadline.js';

const never = (): Promise<never> => new Promise(() => undefined);

describe('withDeadline', () => {
  test('gives what the work gives, or throws what it throws', async () => {
    expect(await withDeadline(5000, undefined, () => Promise.resolve(7))).toBe(7);
    await expect(withDeadline(5000, undefined, () => Promise.reject(new Error('eight')))).rejects.toThrow(
      'eight',
    );
  });

  test('ends work that never ends, through its signal', async () => {
    let told: unknown;
    const work = (signal: AbortSignal): Promise<never> => {
      signal.addEventListener('abort', () => {
        told = signal.reason;
      });
      return never();
    };
    await expect(withDeadline(1, undefined, work)).rejects.toMatchObject({ code: 'timeout' });
    expect(told).toMatchObject({ code: 'timeout' });
  });

  test('ends when the caller gives up, and leaves nothing on the signal of the caller', async () => {
    const controller = new AbortController();
    const work = withDeadline(5000, controller.signal, never);
    controller.abort();
    await expect(work).rejects.toMatchObject({ code: 'aborted' });
    await expect(withDeadline(5000, controller.signal, () => sleep(0))).rejects.toMatchObject({
      code: 'aborted',
    });
  });
});

describe('fetchLimitMs', () => {
  test('leaves a module of 500 000 bytes a second four times as long as it needs', () => {
    expect(fetchLimitMs(1000, 500_000)).toBe(1000 + 4 * 1000);
    expect(fetchLimitMs(1000, 1)).toBe(1001);
  });
});
