import { describe, expect, test } from '@jest/globals';
import { decideMix } from './mix-decision.js';
import type { SourceSupply } from './mix-decision.js';

const supply = (available: number, rest: Partial<SourceSupply> = {}): SourceSupply => ({
  up: true,
  available,
  full: false,
  ...rest,
});
const down = { up: false };
const full = { full: true };

describe('decideMix', () => {
  test.each([
    [
      'all give: as much as the one with the least has, in whole units',
      [supply(100), supply(70)],
      2,
      [0, 1],
      64,
    ],
    ['one is late: the others wait', [supply(100), supply(31)], 1, [0], 0],
    ['one is late and another one full: it is left out', [supply(100, full), supply(31)], 1, [0], 96],
    ['one is late, another one full, but both are needed', [supply(100, full), supply(31)], 2, [0], 0],
    ['one is down: nobody waits for it', [supply(100), supply(0, down)], 1, [0], 96],
    ['one is down, but both are needed', [supply(100), supply(0, down)], 2, [0], 0],
    ['one is down: what it gave before is used', [supply(100), supply(64, down)], 2, [0, 1], 64],
    ['two of three are enough', [supply(64), supply(0, down), supply(96)], 2, [0, 2], 64],
    ['nobody has given anything', [supply(0), supply(0)], 1, [], 0],
  ] as const)('%s', (_, sources, minimum, inputs, bytes) => {
    expect(decideMix(sources, minimum, 32, 1000)).toEqual({ inputs, bytes });
  });

  test('takes no more than the output has room for', () => {
    expect(decideMix([supply(100), supply(100)], 2, 32, 70).bytes).toBe(64);
    expect(decideMix([supply(100), supply(100)], 2, 32, 31).bytes).toBe(0);
    expect(decideMix([supply(100)], 1, 1, 31).bytes).toBe(31);
  });
});
