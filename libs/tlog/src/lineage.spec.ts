import { createHash, generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { lineageLeaf, lineagePath, lineageTree, openLineage, signLineage } from './lineage.js';
import { rootByPath, subtreesOf, treeRoot } from './merkle.js';
import { signNote } from './signed-note.js';

const key = { name: 'collector-1', key: generateKeyPairSync('ed25519').privateKey };

function leavesOf(count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) =>
    lineageLeaf(BigInt(i + 1), createHash('sha256').update(`${i}`).digest()),
  );
}

test('the root is that of one RFC 6962 tree over all leaves, whatever the groups', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 40 }), (count, most) => {
      const leaves = leavesOf(count);
      const { root, groups } = lineageTree(leaves, most);
      expect(groups.roots.length).toBeLessThanOrEqual(most);
      expect(root).toEqual(treeRoot(count, subtreesOf(leaves)));
    }),
  );
});

test('a packet is proved by the leaves of its own group alone', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 40 }),
      fc.nat(),
      (count, most, at) => {
        const leaves = leavesOf(count);
        const { root, groups } = lineageTree(leaves, most);
        const index = at % count;
        const start = index - (index % groups.size);
        const path = lineagePath(index, leaves.slice(start, start + groups.size), groups);
        expect(rootByPath(leaves[index] ?? Buffer.alloc(0), index, count, path)).toEqual(root);
      },
    ),
  );
});

test('a statement is read as it was signed; numbers beyond 2^53 stay exact', () => {
  const { root } = lineageTree(leavesOf(3), 8);
  const statement = { boot: 2n ** 64n - 1n, from: 2n ** 53n + 1n, to: 2n ** 53n + 5n, count: 3, root };
  expect(openLineage(signLineage(statement, key), [key])).toEqual({ collector: 'collector-1', ...statement });
});

test('a statement about another collector, of another form or with impossible numbers is refused', () => {
  const root = lineageTree(leavesOf(1), 1).root.toString('base64');
  const texts = [
    `qrng-dd lineage v1\ncollector-2 1\n1 1 1\n${root}\n`,
    `qrng-dd lineage v2\ncollector-1 1\n1 1 1\n${root}\n`,
    `qrng-dd lineage v1\ncollector-1 1\n2 1 1\n${root}\n`,
    `qrng-dd lineage v1\ncollector-1 1\n1 1 0\n${root}\n`,
    `qrng-dd lineage v1\ncollector-1 18446744073709551616\n1 1 1\n${root}\n`,
  ];
  for (const text of texts) expect(() => openLineage(signNote(text, key), [key])).toThrow();
});
