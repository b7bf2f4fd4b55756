/**
 * Signed notes (c2sp.org/signed-note) with Ed25519 (RFC 8032) from node:crypto.
 *
 *   text, which ends in a newline
 *                                          an empty line
 *   — NAME BASE64(key id || signature)     one or more of these; the dash is U+2014
 *
 * The signature is over the text with its last newline and without the empty line.
 */
import { createHash, createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

const ED25519 = Buffer.of(1);
const KEY_ID_BYTES = 4;
const SIGNATURE_BYTES = 64;
/** DER of an Ed25519 public key (RFC 8410): this, then its 32 bytes. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
/** Verifiers need not look at more. */
const MAX_SIGNATURES = 64;

/** A note is not of its form, or not signed by any key that is asked for. */
export class NoteError extends Error {
  override readonly name = 'NoteError';
}

/** A key that signs or verifies under a name without spaces and plus signs. */
export interface NoteKey {
  readonly name: string;
  readonly key: KeyObject;
}

/** Signs `text`, which must end in a newline. */
export function signNote(text: string, { name, key }: NoteKey): string {
  if (!text.endsWith('\n')) throw new NoteError('the text of a note ends in a newline');
  const signature = sign(null, Buffer.from(text), key);
  return `${text}\n— ${name} ${Buffer.concat([keyId({ name, key }), signature]).toString('base64')}\n`;
}

/**
 * The text of `note`, once one of `keys` has signed it. Signatures of other keys are ignored; one that claims to be of a
 * known key and is not spoils the note.
 *
 * @throws {NoteError}
 */
export function openNote(note: string, keys: readonly NoteKey[]): string {
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n')) {
    throw new NoteError('not a signed note: no empty line before signatures');
  }
  // eslint-disable-next-line no-control-regex -- the format forbids them
  if (/[\u0000-\u0009\u000b-\u001f\u007f\ufffd]/.test(note)) {
    throw new NoteError('a note has no control characters');
  }
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) throw new NoteError(`a note has at most ${MAX_SIGNATURES} signatures`);
  const signed = lines.map((line) => isSignedBy(line, text, keys));
  if (!signed.includes(true)) throw new NoteError('no known key has signed this note');
  return text;
}

/** The verifier key as it is given to people: NAME+HEX(key id)+BASE64(01 || public key). */
export function verifierKey(key: NoteKey): string {
  const encoded = Buffer.concat([ED25519, publicBytes(key.key)]).toString('base64');
  return `${key.name}+${keyId(key).toString('hex')}+${encoded}`;
}

/**
 * The key of a verifier key's text.
 *
 * @throws {NoteError} when it is of another form, or its id is not that of its key.
 */
export function parseVerifierKey(text: string): NoteKey {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(text.trim());
  const [, name = '', id = '', encoded = ''] = match ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  if (match === null || bytes[0] !== ED25519[0]) {
    throw new NoteError('a verifier key is NAME+KEYID+KEY, of type Ed25519');
  }
  const der = Buffer.concat([SPKI_PREFIX, bytes.subarray(1)]);
  const key = { name, key: createPublicKey({ key: der, format: 'der', type: 'spki' }) };
  if (keyId(key).toString('hex') !== id) {
    throw new NoteError('the key id of this verifier key is not that of its key');
  }
  return key;
}

/** The first four bytes of SHA-256(NAME || 0A || 01 || public key). */
function keyId({ name, key }: NoteKey): Buffer {
  return createHash('sha256')
    .update(`${name}\n`)
    .update(ED25519)
    .update(publicBytes(key))
    .digest()
    .subarray(0, KEY_ID_BYTES);
}

/** The 32 bytes of a public key, of a private one too. */
function publicBytes(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  if (publicKey.asymmetricKeyType !== 'ed25519') throw new NoteError('notes are signed with Ed25519 keys');
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length);
}

function isSignedBy(line: string, text: string, keys: readonly NoteKey[]): boolean {
  const match = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/.exec(line);
  if (match === null) throw new NoteError('a signature line is "— NAME BASE64"');
  const [, name, encoded = ''] = match;
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded) throw new NoteError('a signature is not canonical base64');
  const known = keys.find((key) => key.name === name && keyId(key).equals(bytes.subarray(0, KEY_ID_BYTES)));
  if (known === undefined) return false;
  const signature = bytes.subarray(KEY_ID_BYTES);
  const key = known.key.type === 'private' ? createPublicKey(known.key) : known.key;
  if (signature.length === SIGNATURE_BYTES && verify(null, Buffer.from(text), key, signature)) return true;
  throw new NoteError(`the signature of ${known.name} is wrong`);
}
