import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { draw } from '#libs/entropy';
import { diceThrow } from './dice.js';

const roll = (notation: unknown) => draw(diceThrow(notation), (count) => randomBytes(count));

describe('a throw', () => {
  test.each([
    ['3d6', ['3d6'], 3, 18],
    ['d20', ['1d20'], 1, 20],
    ['D20+5', ['1d20'], 6, 25],
    ['2d10 - 1d4', ['2d10', '1d4'], -2, 19],
    ['d%', ['1d100'], 1, 100],
    ['-1d6', ['1d6'], -6, -1],
    ['10+1d6-3', ['1d6'], 8, 13],
    ['1000d2', ['1000d2'], 1000, 2000],
    ['1d1000000', ['1d1000000'], 1, 1_000_000],
  ])('of %s has each die within its sides, and their total', (notation, dice, least, most) => {
    for (let i = 0; i < 200; i++) {
      const { rolls, total } = roll(notation);
      expect(rolls.map((part) => part.dice)).toEqual(dice);
      for (const { dice, results } of rolls) {
        const [count, sides] = dice.split('d').map(Number);
        expect(results).toHaveLength(count ?? 0);
        expect(results.filter((value) => value < 1 || value > (sides ?? 0))).toEqual([]);
      }
      expect(total).toBeGreaterThanOrEqual(least);
      expect(total).toBeLessThanOrEqual(most);
    }
  });

  test('adds what is added and takes away what is taken away', () => {
    const { rolls, total } = roll('2d6+3-1d4-1');
    const [sixes = 0, fours = 0] = rolls.map(({ results }) => results.reduce((sum, value) => sum + value, 0));
    expect(total).toBe(sixes - fours + 2);
  });
});

test.each([
  ...[
    '',
    ' ',
    'd',
    '6',
    '1+2',
    '0d6',
    '3d',
    '3d1',
    '3d0',
    '1d1000001',
    '1001d6',
    '600d6+600d6',
    '3d6+',
    '3d6++2',
  ],
  ...[
    '3x6',
    '3d6d8',
    '1d6+1000001',
    '1.5d6',
    '٣d6',
    '3d６',
    '3d6\n',
    `${'1d6+'.repeat(64)}1d6`,
    undefined,
    3,
    null,
  ],
])('refuses %j', (notation) => {
  expect(() => diceThrow(notation)).toThrow('notation must be dice such as 3d6+2');
});
