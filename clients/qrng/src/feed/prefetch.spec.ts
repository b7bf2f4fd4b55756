import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Prefetch } from './prefetch.js';

const never = new AbortController().signal;

/** A gateway that counts its bytes up, and answers when told to. */
class Gateway {
  readonly asked: number[] = [];
  readonly #open: (() => void)[] = [];
  #made = 0;

  readonly fetch = (count: number): Promise<Buffer> => {
    this.asked.push(count);
    return new Promise((done) => {
      this.#open.push(() => done(Buffer.from(Array.from({ length: count }, () => this.#made++ & 255))));
    });
  };

  async answer(): Promise<void> {
    this.#open.shift()?.();
    await setImmediate();
  }
}

describe('Prefetch', () => {
  test('asks at once, and again when half is gone', async () => {
    const gateway = new Gateway();
    const prefetch = new Prefetch(gateway.fetch, 8);
    expect(gateway.asked).toEqual([8]);
    await gateway.answer();
    expect([...(await prefetch.take(3, never))]).toEqual([0, 1, 2]);
    expect(gateway.asked).toEqual([8]);
    expect([...(await prefetch.take(1, never))]).toEqual([3]);
    expect(gateway.asked).toEqual([8, 4]);
  });

  test('serves takers in their order, one that asks for less not before one that waits', async () => {
    const gateway = new Gateway();
    const prefetch = new Prefetch(gateway.fetch, 8);
    const served: number[][] = [];
    for (const count of [6, 8, 1]) void prefetch.take(count, never).then((bytes) => served.push([...bytes]));
    await gateway.answer();
    expect(served).toEqual([[0, 1, 2, 3, 4, 5]]);
    expect([...prefetch.takeNow(1)]).toEqual([]);
    await gateway.answer();
    expect(served).toHaveLength(2);
    await gateway.answer();
    expect(served).toEqual([[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11, 12, 13], [14]]);
  });

  test('gives no byte twice and none away, however it is asked', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), fc.nat(16)), { maxLength: 60 }), async (steps) => {
        let made = 0;
        const prefetch = new Prefetch(async (count) => {
          return Buffer.from(Array.from({ length: count }, () => made++ % 251));
        }, 16);
        const order: number[] = [];
        for (const [isNow, count] of steps) {
          const bytes = isNow ? prefetch.takeNow(count) : await prefetch.take(count, never);
          order.push(...bytes);
        }
        expect(order).toEqual(order.map((_, i) => i % 251));
      }),
    );
  });

  test('one that asks for more than is at hand gets it, also when most of it is there', async () => {
    const gateway = new Gateway();
    const prefetch = new Prefetch(gateway.fetch, 8);
    await gateway.answer();
    await prefetch.take(1, never);
    const taken = prefetch.take(8, never);
    await gateway.answer();
    expect([...(await taken)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('one that gives up takes nothing', async () => {
    const gateway = new Gateway();
    const prefetch = new Prefetch(gateway.fetch, 8);
    const gone = new AbortController();
    const first = prefetch.take(8, gone.signal);
    const second = prefetch.take(2, never);
    gone.abort(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    await gateway.answer();
    expect([...(await second)]).toEqual([0, 1]);
  });

  test('a gateway that refuses for good fails all who wait, and who come later', async () => {
    const prefetch = new Prefetch(() => Promise.reject(new Error('401')), 8);
    await expect(prefetch.take(1, never)).rejects.toThrow('401');
    await expect(prefetch.take(1, never)).rejects.toThrow('401');
  });

  test('hands out copies, and wipes what it got', async () => {
    const supply = randomBytes(8);
    const prefetch = new Prefetch(async () => supply, 8);
    await setImmediate();
    await prefetch.take(8, never);
    expect(supply).toEqual(Buffer.alloc(8));
  });
});
