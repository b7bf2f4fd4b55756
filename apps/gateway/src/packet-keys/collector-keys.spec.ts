import { describe, expect, test } from '@jest/globals';
import { MacKey } from '#libs/crypto';
import { parseCollectorKeys } from './collector-keys.js';

const [one, two, three] = ['01', '02', '03'].map((byte) => `${byte.repeat(31)}ff`) as [
  string,
  string,
  string,
];

function parse(...entries: unknown[]): unknown[] {
  return parseCollectorKeys(JSON.stringify(entries)).map(({ collector, key, notBefore, expires }) => {
    return [collector, key.id, notBefore, expires];
  });
}

function refusal(text: string): string {
  try {
    parseCollectorKeys(text);
    return 'taken';
  } catch (error) {
    return String(error);
  }
}

describe("the file of the collectors' keys", () => {
  test('gives each collector its key, and the one before while keys are rotated', () => {
    const entry = {
      collector: 'lab-1',
      key: one,
      previous: two,
      notBefore: '2027-01-31',
      expires: '2028-01-31',
    };
    const [notBefore, expires] = [Date.UTC(2027, 0, 31), Date.UTC(2028, 0, 31)];
    expect(parse(entry, { collector: 'lab-2', key: three })).toEqual([
      ['lab-1', MacKey.fromHex(one).id, notBefore, expires],
      ['lab-1', MacKey.fromHex(two).id, -Infinity, expires],
      ['lab-2', MacKey.fromHex(three).id, -Infinity, Infinity],
    ]);
  });

  test('may have several entries for a collector, and a previous key that several had in common', () => {
    expect(
      parse({ collector: 'a', key: one, previous: three }, { collector: 'b', key: two, previous: three }),
    ).toHaveLength(4);
    expect(
      parse({ collector: 'a', key: one, expires: '2027-01-31' }, { collector: 'a', key: two }),
    ).toHaveLength(2);
  });

  test.each<[string, unknown]>([
    ['the file must hold a JSON list of keys', {}],
    ['key 1: must be an object', ['x']],
    ['key 1: collector must be 1 to 16 of a-z 0-9 -', [{ collector: 'Lab', key: one }]],
    ['key 1: key must be exactly 64 hex digits', [{ collector: 'lab-1', key: one.slice(1) }]],
    ['key 1: key must be exactly 64 hex digits', [{ collector: 'lab-1', key: '00'.repeat(32) }]],
    ['key 1: previous must be exactly 64 hex digits', [{ collector: 'lab-1', key: one, previous: 'x' }]],
    ['key 1: expires must be a date', [{ collector: 'lab-1', key: one, expires: '2027-02-30' }]],
    [
      'key 1: expires must be after notBefore',
      [{ collector: 'lab-1', key: one, notBefore: '2027-02-28', expires: '2027-02-28' }],
    ],
    ['key 1: expiry is no member of an entry', [{ collector: 'lab-1', key: one, expiry: '2027-02-28' }]],
    [
      'lab-1 and lab-2 have the same key',
      [
        { collector: 'lab-1', key: one },
        { collector: 'lab-2', key: one },
      ],
    ],
    [
      'lab-1 and lab-2 have the same key',
      [
        { collector: 'lab-1', key: one },
        { collector: 'lab-2', key: two, previous: one },
      ],
    ],
  ])('is refused as a whole: %s', (reason, content) => {
    const said = refusal(JSON.stringify(content));
    expect(said).toContain(reason);
    expect(said).not.toContain(one.slice(1));
  });

  test('is refused when an entry names a member twice, of which another reader could take the other one', () => {
    const twice = `[{"collector": "lab-1", "key": "${one}", "expires": null, "expires": "2020-01-01"}]`;
    expect(refusal(twice)).toBe('KeyFileError: an entry names a member twice');
  });

  test('is refused without a word of it when it is not JSON', () => {
    expect(refusal(`[{"key": "${one}"`)).toBe('KeyFileError: the file must be JSON');
  });
});
