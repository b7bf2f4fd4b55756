import { expect, test } from '@jest/globals';
import { Traffic } from './traffic.js';

test('gives what passed since the last totals, nothing of before the first ones, and goes on from totals that fell', () => {
  const traffic = new Traffic();
  const passed: number[][] = [];
  traffic.watch((...amounts) => passed.push(amounts));
  traffic.learn({ received: 1000, served: 500 });
  traffic.learn({ received: 1100, served: 500 });
  traffic.learn({ received: 1100, served: 520 });
  traffic.learn({ received: 1000, served: 510 }); // a failover to a replica that was behind
  traffic.learn({ received: 1030, served: 510 });
  expect(passed).toEqual([
    [100, 0],
    [0, 20],
    [0, 0],
    [30, 0],
  ]);
});
