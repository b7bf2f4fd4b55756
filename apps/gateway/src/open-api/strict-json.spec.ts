import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { JsonError, parseObject } from './strict-json.js';

const read = (text: string) => parseObject(Buffer.from(text));

test('is JSON.parse for every object of strings and integers', () => {
  const leaf = fc.oneof(fc.string(), fc.maxSafeInteger(), fc.boolean(), fc.constant(null));
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('tree')),
      fc.dictionary(
        fc.string().filter((name) => name !== '__proto__'),
        tie('tree'),
      ),
    ),
  }));
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('a', 'b', '{', '"', '\\', '}'), tree),
      fc.nat(3),
      (value, space) => {
        const text = JSON.stringify(value, null, space);
        expect(read(text)).toEqual(JSON.parse(text));
      },
    ),
  );
});

test.each([
  '{"a":1,"a":1}',
  '{"a":1,"\\u0061":2}',
  '{"a":1,"b":{"c":1},"a":2}',
  '{"b":[{"c":1,"c":2}]}',
  '{"b":{"x":"{","c":1 , "c" :2}}',
  '{"\\"":1,"\\"":2}',
  '{"__proto__":1,"__proto__":2}',
])('refuses a member that is given twice: %s', (text) => {
  expect(() => read(text)).toThrow(JsonError);
});

test.each(['{"a":"a","b":["a","a"]}', '{"a":{"a":{"a":1}},"b":{"a":1}}', '{"a":"\\"a\\":1","b":1}'])(
  'takes equal names in different objects, and names in strings: %s',
  (text) => {
    expect(read(text)).toEqual(JSON.parse(text));
  },
);

test.each([
  '',
  ' ',
  'null',
  '1',
  '"a"',
  '[]',
  '{',
  '{}x',
  "{'a':1}",
  '{"a":1,}',
  '{"a":01}',
  '\uFEFF{}',
  '{"a":NaN}',
])('refuses what is no JSON object: %j', (text) => {
  expect(() => read(text)).toThrow(JsonError);
});

test('refuses what is not UTF-8', () => {
  expect(() => parseObject(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toThrow(JsonError);
});

test('leaves nothing of a number that is not written as an integer', () => {
  expect(read('{"a":1.0,"b":1e2,"c":-0.5,"d":[2.5],"e":-7}')).toEqual({
    a: null,
    b: null,
    c: null,
    d: [null],
    e: -7,
  });
});
