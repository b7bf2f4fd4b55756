import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { openNote, parseVerifierKey, signNote, verifierKey } from './signed-note.js';

const { privateKey } = generateKeyPairSync('ed25519');
const signer = { name: 'gateway.example.com/receipts', key: privateKey };
const text = 'gateway.example.com/receipts\n1\nAAAA\n';
const verifier = parseVerifierKey(verifierKey(signer));

test('a signed text is opened by the verifier key that people are given', () => {
  expect(openNote(signNote(text, signer), [verifier])).toBe(text);
});

test('every changed byte of the text or the signature is found', () => {
  const note = Buffer.from(signNote(text, signer));
  for (let at = 0; at < note.length; at++) {
    const changed = Buffer.from(note);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    expect(() => openNote(changed.toString(), [verifier])).toThrow();
  }
});

test('signatures of unknown keys are ignored, and alone they are not enough', () => {
  const other = { name: 'witness.example.org', key: generateKeyPairSync('ed25519').privateKey };
  const note = signNote(text, signer);
  const both = note + signNote(text, other).slice(text.length + 1);
  expect(openNote(both, [verifier])).toBe(text);
  expect(openNote(both, [other])).toBe(text);
  expect(() => openNote(note, [other])).toThrow('no known key has signed this note');
});

test('a known name with the signature of another key is no signature of it', () => {
  const impostor = { name: signer.name, key: generateKeyPairSync('ed25519').privateKey };
  expect(() => openNote(signNote(text, impostor), [verifier])).toThrow('no known key');
});

test('a note that is signed by nobody, cut or of another form is refused', () => {
  const note = signNote(text, signer);
  for (const wrong of [
    text,
    `${text}\n`,
    note.slice(0, -1),
    note.replace('— ', '- '),
    note.replace('gateway', '\u0007ateway'),
  ]) {
    expect(() => openNote(wrong, [verifier])).toThrow();
  }
  expect(() => signNote('no newline', signer)).toThrow('ends in a newline');
});

test('a verifier key with a wrong id or of another type is refused', () => {
  const { name } = signer;
  const text = verifierKey(signer);
  expect(() => parseVerifierKey(text.replace(/\+[0-9a-f]{8}\+/, '+00000000+'))).toThrow('key id');
  expect(() => parseVerifierKey(`${name}+00000000`)).toThrow('NAME+KEYID+KEY');
  expect(() => verifierKey({ name, key: generateKeyPairSync('x25519').privateKey })).toThrow('Ed25519');
});
