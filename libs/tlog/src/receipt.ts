/**
 * What a receipt says: the entry of the log, which is public, and the extra, which only the client has until it shows it.
 *
 *   entry  {"answer":H(salt, body),"client":H(log salt, name),"lineage":[piece ...],"raw":H(salt, raw),"request":...,"time":...,"v":1}
 *   piece  {"boot":...,"collector":...,"length":...,"offset":...,"packet":its digest,"sequence":...}
 *   extra  {"entry":the entry's text,"lineage":[a proof for each packet],"raw":the bytes drawn,"salt":32 bytes}
 *
 * Canonical JSON (RFC 8785), bytes in base64, H(a, b) = SHA-256(a || b). `raw` is there in receipts of public draws alone. Both are read
 * strictly: there is one text for each content, so a changed byte never goes unseen.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';
import type { Json } from './canonical-json.js';
import { lineageNote, openLineage, rootOfPacket } from './lineage.js';
import { HASH_BYTES } from './merkle.js';
import { parseProof, ProofError } from './proof.js';
import type { Proof } from './proof.js';
import type { NoteKey } from './signed-note.js';

export const SALT_BYTES = 32;
/** Of a signed note: the key's id, then the signature. */
const SIGNATURE_BYTES = 4 + 64;
const MAX_U64 = 2n ** 64n - 1n;
/** A receipt names at most this many stretches of packets. */
export const MAX_PIECES = 256;

/** Bytes of one packet that went into an answer, in the order in which they were drawn. */
export interface ReceiptPiece {
  readonly collector: string;
  readonly boot: bigint;
  readonly sequence: bigint;
  readonly offset: number;
  readonly length: number;
  /** The digest of the packet (lineage.ts). */
  readonly packet: Buffer;
}

export interface ReceiptEntry {
  /** Unix ms. */
  readonly time: number;
  readonly client: Buffer;
  readonly request: string;
  readonly answer: Buffer;
  readonly lineage: readonly ReceiptPiece[];
  readonly raw?: Buffer | undefined;
}

/** That a collector signed for a packet: the numbers of its statement, the signature, and the path to its root. */
export interface PacketProof {
  readonly from: bigint;
  readonly to: bigint;
  readonly signature: string;
  readonly path: readonly Buffer[];
}

/** What only the client gets. */
export interface ReceiptSecrets {
  readonly salt: Buffer;
  /** The bytes drawn, of a public draw. */
  readonly raw?: Buffer | undefined;
}

/** A receipt file, taken apart; nothing of it is verified. */
export interface Receipt extends ReceiptSecrets {
  readonly proof: Proof;
  /** The bytes whose hash is in the log. */
  readonly entryBytes: Buffer;
  readonly entry: ReceiptEntry;
  /** One for each packet of the lineage in the order of its first piece; none while the collector has signed nothing. */
  readonly proofs: readonly PacketProof[] | undefined;
}

/** SHA-256(salt || bytes). */
export function salted(salt: Uint8Array, bytes: Uint8Array): Buffer {
  return createHash('sha256').update(salt).update(bytes).digest();
}

/** The bytes of an entry, as the log has them. */
export function encodeEntry({ time, client, request, answer, lineage, raw }: ReceiptEntry): Buffer {
  return Buffer.from(
    canonicalJson({
      v: 1,
      time: new Date(time).toISOString(),
      client: base64(client),
      request,
      answer: base64(answer),
      lineage: lineage.map(({ packet, boot, sequence, ...piece }) => ({
        ...piece,
        boot: number(boot),
        sequence: number(sequence),
        packet: base64(packet),
      })),
      ...(raw === undefined ? {} : { raw: base64(raw) }),
    }),
  );
}

/** What goes into the extra of a receipt file. */
export function encodeExtra(
  entry: Buffer,
  { salt, raw }: ReceiptSecrets,
  proofs: readonly PacketProof[] | undefined,
): Buffer {
  return Buffer.from(
    canonicalJson({
      entry: entry.toString(),
      salt: base64(salt),
      ...(raw === undefined ? {} : { raw: base64(raw) }),
      ...(proofs === undefined ? {} : { lineage: proofs.map(proofJson) }),
    }),
  );
}

/** A packet's proof as JSON. */
export function proofJson({ from, to, signature, path }: PacketProof): Readonly<Record<string, Json>> {
  return { from: number(from), to: number(to), signature, path: path.map(base64) };
}

/** @throws {ProofError} when it is of another form. */
export function parsePacketProof(value: unknown): PacketProof {
  const { from, to, signature, path, ...others } = members(value);
  if (!Array.isArray(path) || path.length > 63 || Object.keys(others).length > 0) throw malformed('proof');
  return {
    from: integer(from),
    to: integer(to),
    signature: base64(bytes(signature, SIGNATURE_BYTES)),
    path: path.map((hash) => bytes(hash, HASH_BYTES)),
  };
}

/** @throws {ProofError} when the entry is of another form. */
export function parseEntry(entry: Buffer): ReceiptEntry {
  const { v, time, client, request, answer, lineage, raw } = members(parsedJson(entry));
  if (v !== 1) throw new ProofError('the entry is of another version than 1');
  if (!Array.isArray(lineage) || lineage.length > MAX_PIECES) throw malformed('lineage');
  const read: ReceiptEntry = {
    time: Date.parse(text(time)),
    client: bytes(client, HASH_BYTES),
    request: text(request),
    answer: bytes(answer, HASH_BYTES),
    lineage: lineage.map(parsePiece),
    ...(raw === undefined ? {} : { raw: bytes(raw, HASH_BYTES) }),
  };
  if (Number.isNaN(read.time) || !encodeEntry(read).equals(entry)) throw malformed('entry');
  const digests = new Set(read.lineage.map((piece) => `${packetName(piece)} ${base64(piece.packet)}`));
  if (digests.size !== packetsOf(read.lineage).length) throw malformed('one packet with two digests');
  return read;
}

/** Takes a receipt file apart. @throws {ProofError} when it is not one. */
export function parseReceipt(file: string): Receipt {
  const proof = parseProof(file);
  if (proof.extra === undefined) {
    throw new ProofError('the receipt has no extra: nothing says what its entry is');
  }
  const { entry, salt, raw, lineage } = members(parsedJson(proof.extra));
  const entryBytes = Buffer.from(text(entry));
  const secrets = {
    salt: bytes(salt, SALT_BYTES),
    ...(raw === undefined ? {} : { raw: bytes(raw) }),
  };
  if (lineage !== undefined && !Array.isArray(lineage)) throw malformed('lineage');
  const proofs = lineage?.map(parsePacketProof);
  if (!encodeExtra(entryBytes, secrets, proofs).equals(proof.extra)) throw malformed('extra');
  return { proof, entryBytes, entry: parseEntry(entryBytes), ...secrets, proofs };
}

/** The packets of a lineage, each once, in the order of its first piece. */
export function packetsOf(lineage: readonly ReceiptPiece[]): ReceiptPiece[] {
  const seen = new Map(lineage.map((piece) => [packetName(piece), piece] as const).reverse());
  return [...seen.values()].reverse();
}

/** A name of a packet that no other one has. */
export function packetName({
  collector,
  boot,
  sequence,
}: Pick<ReceiptPiece, 'collector' | 'boot' | 'sequence'>): string {
  return `${collector} ${boot} ${sequence}`;
}

/**
 * Checks that one of `keys` has signed for the packet of `piece`.
 *
 * @throws {ProofError} when the proof does not lead to what was signed.
 * @throws {NoteError} when it was not signed by any of the keys.
 */
export function verifyPacket(
  { collector, boot, sequence, packet }: ReceiptPiece,
  { from, to, signature, path }: PacketProof,
  keys: readonly NoteKey[],
): void {
  const root = rootOfPacket({ from, to }, { sequence, digest: packet }, path);
  if (root === undefined) throw new ProofError('the packet is not one that the statement is about');
  openLineage(lineageNote({ collector, boot, from, to, root }, signature), keys);
}

function parsePiece(value: unknown): ReceiptPiece {
  const { collector, boot, sequence, offset, length, packet } = members(value);
  return {
    collector: text(collector),
    boot: integer(boot),
    sequence: integer(sequence),
    offset: Number(integer(offset)),
    length: Number(integer(length)),
    packet: bytes(packet, HASH_BYTES),
  };
}

/** A u64 as JSON: a number where that is exact, and text beyond. */
function number(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
}

function integer(value: unknown): bigint {
  const decimal = typeof value === 'number' ? String(value) : value;
  if (typeof decimal !== 'string' || !/^(0|[1-9]\d{0,19})$/.test(decimal)) throw malformed('number');
  const whole = BigInt(decimal);
  if (whole > MAX_U64) throw malformed('number');
  return whole;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw malformed('text');
  return value;
}

function bytes(value: unknown, length?: number): Buffer {
  const decoded = Buffer.from(text(value), 'base64');
  if (base64(decoded) !== value || (length !== undefined && decoded.length !== length)) {
    throw malformed('base64');
  }
  return decoded;
}

function base64(data: Buffer): string {
  return data.toString('base64');
}

function members(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('object');
  return { ...value };
}

function parsedJson(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch {
    throw malformed('JSON'); // the parser's message quotes the data
  }
}

function malformed(part: string): ProofError {
  return new ProofError(`the receipt is malformed (${part})`);
}
