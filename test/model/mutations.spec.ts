/** The table of `npm run mutations` goes with the sources: each rule that it takes away stands there once. The model's search is by hand. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { MUTATIONS } from '../../scripts/mutations/table.js';

test('every mutation has a name of its own, and changes one place', () => {
  expect(new Set(MUTATIONS.map(({ name }) => name)).size).toBe(MUTATIONS.length);
  const elsewhere = MUTATIONS.filter(({ file, text, instead }) => {
    const source = readFileSync(file, 'utf8');
    return source.split(text).length !== 2 || source.replace(text, () => instead) === source;
  });
  expect(elsewhere.map(({ name }) => name)).toEqual([]);
});
