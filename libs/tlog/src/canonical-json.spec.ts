import { expect, test } from '@jest/globals';
import { canonicalJson } from './canonical-json.js';

test('the example of RFC 8785, section 3.2.2', () => {
  const value = {
    numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000f\u000aA\'\u0042\u0022\u005c\\"/',
    literals: [null, true, false],
  };
  expect(canonicalJson(value)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

test('names are sorted by UTF-16 code units, at every depth', () => {
  expect(canonicalJson({ b: { z: 1, a: 2 }, '\u{1f600}': 3, '\ufb33': 4, a: [] })).toBe(
    '{"a":[],"b":{"a":2,"z":1},"\u{1f600}":3,"\ufb33":4}',
  );
});

test('a number that JSON cannot write is an error', () => {
  expect(() => canonicalJson(NaN)).toThrow('no such number');
});
