import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { draw } from './sample.js';
import { charactersOf, strings } from './strings.js';

const take = (count: number) => randomBytes(count);

describe('strings', () => {
  test('are as many and as long as wanted, over the alphabet and all of it', () => {
    const drawn = draw(strings({ count: 100, length: 256, alphabet: 'abcxyz-' }), take);
    expect(drawn).toHaveLength(100);
    expect(drawn.every((text) => /^[abcxyz-]{256}$/.test(text))).toBe(true);
    expect(new Set(drawn.join(''))).toEqual(new Set('abcxyz-'));
    expect(new Set(drawn).size).toBe(100);
  });

  test('use each character equally often', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
    const counts = new Map<string, number>();
    for (const character of draw(strings({ count: 1000, length: 256, alphabet }), take).join('')) {
      counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    const expected = 256_000 / 62;
    const chi = [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    expect(counts.size).toBe(62);
    expect(chi).toBeLessThan(140); // 61 degrees of freedom, 5 * 10^-8; bytes modulo 62 give 800
  });

  test('count characters outside the basic plane as one', () => {
    const [text = ''] = draw(strings({ count: 1, length: 100, alphabet: '🂡🂱ä' }), take);
    expect(Array.from(text)).toHaveLength(100);
    expect(new Set(Array.from(text))).toEqual(new Set(['🂡', '🂱', 'ä']));
  });

  test('take alphabets of 2 to 256 characters', () => {
    const all = String.fromCodePoint(...Array.from({ length: 257 }, (_, i) => 0x1f300 + i));
    expect(charactersOf(Array.from(all).slice(0, 256).join(''))).toHaveLength(256);
    expect(charactersOf('01')).toEqual(['0', '1']);
    expect(() => charactersOf(all)).toThrow('2 to 256 characters, not 257');
    expect(() => charactersOf('a')).toThrow('2 to 256 characters, not 1');
    expect(() => charactersOf('🂡')).toThrow('not 1');
  });

  test('refuse an alphabet with a character twice, or half of one', () => {
    expect(() => charactersOf('abca')).toThrow('each character once');
    expect(() => charactersOf('ab\ud83c')).toThrow('surrogate');
  });
});
