import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { bytes } from './bytes.js';
import { draw } from './sample.js';

test('gives the bytes that it takes, and takes no more', () => {
  for (const count of [1, 32, 65_536]) {
    const given = randomBytes(count);
    const taken = Buffer.from(given);
    expect(draw(bytes({ count }), () => taken)).toEqual(given);
    expect(taken.every((byte) => byte === 0)).toBe(true);
  }
});
