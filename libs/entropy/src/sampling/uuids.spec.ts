import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { draw } from './sample.js';
import { uuids } from './uuids.js';

const take = (count: number) => randomBytes(count);
const ones = (count: number) => Buffer.alloc(count, 0xff);
const zeros = (count: number) => Buffer.alloc(count);

describe('uuids', () => {
  test('of version 4 have 122 random bits around version and variant (RFC 9562, 5.4)', () => {
    expect(draw(uuids({ count: 1, version: 4, now: 0 }), zeros)).toEqual([
      '00000000-0000-4000-8000-000000000000',
    ]);
    expect(draw(uuids({ count: 1, version: 4, now: 0 }), ones)).toEqual([
      'ffffffff-ffff-4fff-bfff-ffffffffffff',
    ]);
  });

  test('of version 7 have the time in front and 74 random bits (RFC 9562, 5.7 and A.6)', () => {
    const now = 0x017f22e279b0; // the example of the RFC
    expect(draw(uuids({ count: 1, version: 7, now }), zeros)).toEqual([
      '017f22e2-79b0-7000-8000-000000000000',
    ]);
    expect(draw(uuids({ count: 1, version: 7, now }), ones)).toEqual([
      '017f22e2-79b0-7fff-bfff-ffffffffffff',
    ]);
  });

  test.each([4, 7] as const)(
    'of version %d are different, and each random bit is 1 as often as 0',
    (version) => {
      const made = Array.from({ length: 100 }, () =>
        draw(uuids({ count: 100, version, now: 1 }), take),
      ).flat();
      expect(new Set(made).size).toBe(10_000);
      const counts = new Array<number>(128).fill(0);
      for (const uuid of made) {
        expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        const value = BigInt(`0x${uuid.replaceAll('-', '')}`);
        for (let bit = 0; bit < 128; bit++) {
          counts[bit] = (counts[bit] ?? 0) + Number((value >> BigInt(127 - bit)) & 1n);
        }
      }
      const fixed = counts.filter((count) => count === 0 || count === 10_000).length;
      const fair = counts.filter((count) => Math.abs(count - 5000) < 400).length; // 8 standard deviations
      expect([fixed, fair]).toEqual(version === 4 ? [6, 122] : [54, 74]);
    },
  );

  test('of version 7 come in order', () => {
    const made = draw(uuids({ count: 100, version: 7, now: 1e12 }), take);
    expect(made).toEqual([...made].sort());
  });
});
