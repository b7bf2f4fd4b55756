import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  consistencyPath,
  inclusionPath,
  isConsistent,
  leafHash,
  rootByPath,
  subtreesOf,
  treeRoot,
} from './merkle.js';

/** The entries and roots of the reference implementation of RFC 6962. */
const ENTRIES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

const leaves = Array.from({ length: 300 }, (_, i) => leafHash(Buffer.from(`entry ${i}`)));
const subtrees = subtreesOf(leaves);
const size = fc.integer({ min: 1, max: leaves.length });

test('the roots are those of RFC 6962', () => {
  const known = subtreesOf(ENTRIES.map((hex) => leafHash(Buffer.from(hex, 'hex'))));
  expect(ROOTS.map((_, i) => treeRoot(i + 1, known).toString('hex'))).toEqual(ROOTS);
  expect(treeRoot(0, known).toString('hex')).toMatch(/^e3b0c442/);
});

describe('inclusion', () => {
  test('the path of every leaf leads to the root, and with any hash changed it does not', () => {
    fc.assert(
      fc.property(size, fc.nat(), fc.nat(), (n, at, bit) => {
        const index = at % n;
        const path = inclusionPath(index, n, subtrees);
        const root = treeRoot(n, subtrees);
        const leaf = leaves[index] ?? Buffer.alloc(0);
        expect(rootByPath(leaf, index, n, path)).toEqual(root);
        const wrong = [leaf, ...path].map((hash) => Buffer.from(hash));
        const [changed = Buffer.alloc(0)] = wrong.slice(bit % wrong.length);
        changed.writeUInt8(changed.readUInt8(0) ^ 1);
        expect(rootByPath(wrong[0] ?? leaf, index, n, wrong.slice(1))).not.toEqual(root);
      }),
    );
  });

  test('a path of another length, index or size leads nowhere', () => {
    fc.assert(
      fc.property(size, fc.nat(), (n, at) => {
        const index = at % n;
        const path = inclusionPath(index, n, subtrees);
        const root = treeRoot(n, subtrees);
        const leaf = leaves[index] ?? Buffer.alloc(0);
        expect(rootByPath(leaf, index, n, [...path, leaf])).toBeUndefined();
        if (n > 1) expect(rootByPath(leaf, index, n, path.slice(1))).not.toEqual(root);
        expect(rootByPath(leaf, n, n, path)).toBeUndefined();
        if (n > 1) expect(rootByPath(leaf, (index + 1) % n, n, path)).not.toEqual(root);
      }),
    );
  });

  test('a leaf that is not in the tree is an error', () => {
    expect(() => inclusionPath(3, 3, subtrees)).toThrow('leaf 3 is not in a tree of 3');
  });
});

describe('consistency', () => {
  test('a log that only grew is consistent with each earlier state; one that changed is not', () => {
    fc.assert(
      fc.property(size, fc.nat(), fc.nat(), (n, part, at) => {
        const before = 1 + (part % n);
        const old = { size: before, root: treeRoot(before, subtrees) };
        const now = { size: n, root: treeRoot(n, subtrees) };
        const path = consistencyPath(before, n, subtrees);
        expect(isConsistent(old, now, path)).toBe(true);
        const forged = leaves.map((leaf, i) => (i === at % before ? leafHash(Buffer.from('forged')) : leaf));
        const other = subtreesOf(forged);
        const lie = { size: n, root: treeRoot(n, other) };
        expect(isConsistent(old, lie, consistencyPath(before, n, other))).toBe(false);
        expect(isConsistent(now, old, path)).toBe(n === before);
      }),
    );
  });
});
