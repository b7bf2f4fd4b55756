import { createHash, generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  lineageGroups,
  lineageLeaf,
  lineageNote,
  lineagePath,
  lineageRoot,
  openLineage,
  rootOfPacket,
  signatureOf,
  signLineage,
} from './lineage.js';
import { subtreesOf, treeRoot } from './merkle.js';
import { signNote } from './signed-note.js';

const key = { name: 'collector-1', key: generateKeyPairSync('ed25519').privateKey };

const digestOf = (i: number): Buffer => createHash('sha256').update(`${i}`).digest();

function leavesOf(count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => lineageLeaf(BigInt(i + 1), digestOf(i)));
}

test('the root is that of one RFC 6962 tree over all leaves, whatever the groups', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 40 }), (count, most) => {
      const leaves = leavesOf(count);
      const { roots } = lineageGroups(leaves, most);
      expect(roots.length).toBeLessThanOrEqual(most);
      expect(lineageRoot(roots)).toEqual(treeRoot(count, subtreesOf(leaves)));
    }),
  );
});

test('a packet is proved by the leaves of its own group alone, under its own number and digest alone', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 40 }),
      fc.nat(),
      (count, most, at) => {
        const leaves = leavesOf(count);
        const groups = lineageGroups(leaves, most);
        const index = at % count;
        const start = index - (index % groups.size);
        const path = lineagePath(index, leaves.slice(start, start + groups.size), groups);
        const root = lineageRoot(groups.roots);
        const lineage = { from: 1n, to: BigInt(count) };
        const packet = { sequence: BigInt(index + 1), digest: digestOf(index) };
        expect(rootOfPacket(lineage, packet, path)).toEqual(root);
        expect(rootOfPacket(lineage, { ...packet, sequence: packet.sequence + 1n }, path)).not.toEqual(root);
        expect(rootOfPacket(lineage, { ...packet, digest: digestOf(-1) }, path)).not.toEqual(root);
        expect(rootOfPacket({ from: 2n, to: lineage.to + 1n }, packet, path)).not.toEqual(root);
      },
    ),
  );
});

test('a statement is read as it was signed, also from its parts; numbers beyond 2^53 stay exact', () => {
  const root = lineageRoot(leavesOf(3));
  const lineage = {
    collector: 'collector-1',
    boot: 2n ** 64n - 1n,
    from: 2n ** 53n + 1n,
    to: 2n ** 53n + 3n,
    root,
  };
  const note = signLineage(lineage, key);
  expect(openLineage(note, [key])).toEqual(lineage);
  expect(lineageNote(lineage, signatureOf(note))).toBe(note);
});

test('a statement about another collector, of another form or with impossible numbers is refused', () => {
  const root = lineageRoot(leavesOf(1)).toString('base64');
  const texts = [
    `qrng-dd lineage v1\ncollector-2 1\n1 1\n${root}\n`,
    `qrng-dd lineage v2\ncollector-1 1\n1 1\n${root}\n`,
    `qrng-dd lineage v1\ncollector-1 1\n2 1\n${root}\n`,
    `qrng-dd lineage v1\ncollector-1 1\n1 99999999\n${root}\n`,
    `qrng-dd lineage v1\ncollector-1 18446744073709551616\n1 1\n${root}\n`,
  ];
  for (const text of texts) expect(() => openLineage(signNote(text, key), [key])).toThrow();
});
