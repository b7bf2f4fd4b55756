import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { preferences, preferredWait } from './prefer.js';

const wait = (prefer: string | undefined) =>
  preferredWait({ headers: prefer === undefined ? {} : { prefer } });

test.each([
  [undefined, undefined],
  ['', undefined],
  ['wait=10', 10],
  ['wait=0', 0],
  ['wait=30', 30],
  ['wait=31', 30],
  ['wait=99999999999999999999', 30],
  ['WAIT=5', 5],
  ['Wait = 5', 5],
  ['wait="5"', 5],
  ['respond-async, wait=10', 10],
  ['respond-async,wait=10', 10],
  ['wait=5, wait=20', 5],
  ['wait=5; strictly, x', 5],
  ['x; wait=9', undefined],
  ['x="a, wait=9, b"', undefined],
  ['x="a\\", wait=9", wait=4', 4],
  ['receipt, wait=3', 3],
  [', ,wait=3', 3],
  ['wait', undefined],
  ['wait=', undefined],
  ['wait=-1', undefined],
  ['wait=1.5', undefined],
  ['wait=ten', undefined],
  ['waits=5', undefined],
])('Prefer: %s lets it wait %p s', (prefer, secs) => {
  expect(wait(prefer)).toBe(secs);
});

test('has each preference with its value', () => {
  const prefer = 'receipt=full, handling="strict \\"x\\"" ; a=b,  respond-async';
  expect([...preferences({ headers: { prefer } })]).toEqual([
    ['receipt', 'full'],
    ['handling', 'strict "x"'],
    ['respond-async', ''],
  ]);
});

test('reads any field in time that grows with its length alone', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('w', '=', '"', '\\', ',', ';', ' ', 'a'), maxLength: 8000 }),
      (prefer) => {
        preferences({ headers: { prefer } });
      },
    ),
  );
  for (const part of ['"', 'a="', ' ', ',', 'a;', 'a=b;"', '\\"', 'a  =']) {
    preferences({ headers: { prefer: part.repeat(4000) } });
  }
});
