import { describe, expect, test } from '@jest/globals';
import { Batches } from './batches.js';

describe('batches', () => {
  test('take what came while the one before was under way, and leave what does not go with it', async () => {
    const seen: number[][] = [];
    const batches = new Batches<number, string>((items) => {
      seen.push([...items]);
      return Promise.resolve(items.slice(0, 2).map((item) => `done ${item}`));
    });
    const outcomes = [1, 2, 3].map((item) => batches.add(item));
    const first = batches.runNext();
    outcomes.push(batches.add(4));
    await first;
    await batches.runNext();
    await batches.runNext();
    expect(await Promise.all(outcomes)).toEqual(['done 1', 'done 2', 'done 3', 'done 4']);
    expect(seen).toEqual([
      [1, 2, 3],
      [3, 4],
    ]);
  });

  test('reject the first item when they fail, and go on with the others', async () => {
    let calls = 0;
    const batches = new Batches<number, number>((items) => {
      if (++calls === 1) throw new Error('broken');
      return Promise.resolve([...items]);
    });
    const outcomes = [1, 2].map((item) => batches.add(item));
    const settled = Promise.allSettled(outcomes);
    await batches.runNext();
    await batches.runNext();
    expect(await settled).toMatchObject([{ status: 'rejected' }, { status: 'fulfilled', value: 2 }]);
  });
});
