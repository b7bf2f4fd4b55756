import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { openCheckpoint, signCheckpoint } from './checkpoint.js';
import { inclusionPath, leafHash, subtreesOf, treeRoot } from './merkle.js';
import { formatProof, parseProof, verifyProof } from './proof.js';

const key = { name: 'log.example.com', key: generateKeyPairSync('ed25519').privateKey };
const entries = Array.from({ length: 7 }, (_, i) => Buffer.from(`entry ${i}`));
const subtrees = subtreesOf(entries.map((entry) => leafHash(entry)));
const root = treeRoot(entries.length, subtrees);
const checkpoint = signCheckpoint({ origin: key.name, size: entries.length, root }, key);
const entry = entries[4] ?? Buffer.alloc(0);
const file = formatProof({
  index: 4,
  path: inclusionPath(4, 7, subtrees),
  checkpoint,
  extra: Buffer.from('salt'),
});

test('a proof file proves its entry and no other', () => {
  const proof = parseProof(file);
  expect(proof.extra?.toString()).toBe('salt');
  expect(verifyProof(proof, entry, [key])).toEqual({ origin: key.name, size: 7, root });
  expect(() => verifyProof(proof, Buffer.from('entry 5'), [key])).toThrow('not in the log at this index');
});

test('a change of any byte but those of `extra` is found', () => {
  const bytes = Buffer.from(file);
  const [extraFrom, extraTo] = [file.indexOf('extra '), file.indexOf('index ')];
  for (let at = 0; at < bytes.length; at++) {
    if (at >= extraFrom && at < extraTo) continue;
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    expect(() => verifyProof(parseProof(changed.toString()), entry, [key])).toThrow();
  }
});

test('a tree of one entry has no path', () => {
  const only = subtreesOf([leafHash(entry)]);
  const note = signCheckpoint({ origin: key.name, size: 1, root: treeRoot(1, only) }, key);
  const proof = parseProof(formatProof({ index: 0, path: [], checkpoint: note }));
  expect(verifyProof(proof, entry, [key]).size).toBe(1);
  expect(proof.extra).toBeUndefined();
});

test('a checkpoint with a size or root of another form, or of another origin, is refused', () => {
  const wrong = [
    signCheckpoint({ origin: key.name, size: 1.5, root }, key),
    signCheckpoint({ origin: key.name, size: 2, root: root.subarray(1) }, key),
    signCheckpoint({ origin: 'somebody.else', size: 2, root }, key),
  ];
  for (const note of wrong) expect(() => openCheckpoint(note, [key])).toThrow();
});
