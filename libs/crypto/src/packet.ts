/**
 * The packet: the only thing that crosses the diode.
 *
 *    0  4  magic      "QRNG"
 *    4  1  version    2
 *    5  1  type       1 entropy, 2 heartbeat
 *    6  2  reserved   0
 *    8  4  key id     which key signed it
 *   12  4  length     n, bytes of data: 1 to 1 MiB; a heartbeat 0 to 4096
 *   16 16  collector  1 to 16 of a-z 0-9 -, then zeros
 *   32  8  boot       Unix ms at which this run of the collector began; never lower than that of an earlier run
 *   40  8  sequence   from 1, one more for each packet of this run
 *   48  8  timestamp  Unix ms at which the packet was sealed
 *   56  4  crc32      of data (IEEE 802.3, as in zlib)
 *   60  4  age        ms since bytes of this packet were first sealed; 0 in a first sealing and in heartbeats
 *   64  n  data       entropy; in a heartbeat UTF-8 JSON
 * 64+n 32  hmac       HMAC-SHA256(key, bytes 0 .. 64+n-1)
 *
 * Big-endian, fixed offsets: nothing is parsed, and no data is looked at, before the MAC has been checked. There is one
 * encoding of each packet; whatever else decodes is refused as malformed.
 */
import { crc32 } from 'node:zlib';
import type { Keyring, MacKey } from './keyring.js';

export const HEADER_BYTES = 64;
export const MAC_BYTES = 32;
export const MAX_ENTROPY_BYTES = 1024 * 1024;
export const MAX_HEARTBEAT_BYTES = 4096;
/** The largest packet on the wire, in bytes. */
export const MAX_PACKET_BYTES = HEADER_BYTES + MAX_ENTROPY_BYTES + MAC_BYTES;
/** What a packet adds to its data. */
export const PACKET_OVERHEAD_BYTES = HEADER_BYTES + MAC_BYTES;
/** The smallest packet on the wire, in bytes: a heartbeat without data. */
export const MIN_PACKET_BYTES = HEADER_BYTES + MAC_BYTES;

const MAGIC = 0x51524e47; // "QRNG"
const VERSION = 2;
const TYPE_CODES = { entropy: 1, heartbeat: 2 } as const;
const COLLECTOR_BYTES = 16;
const AT = {
  magic: 0,
  version: 4,
  type: 5,
  keyId: 8,
  length: 12,
  collector: 16,
  boot: 32,
  sequence: 40,
} as const;
const AT_TIMESTAMP = 48;
const AT_CRC = 56;
const AT_AGE = 60;
/** The largest age that the format can carry, in milliseconds: 49 days. */
const MAX_AGE = 0xffffffff;

export type PacketType = keyof typeof TYPE_CODES;

/** What a sealed packet says, beside its data. `boot` and `sequence` are u64; `timestamp` is Unix milliseconds. */
export interface PacketFields {
  readonly type: PacketType;
  readonly collector: string;
  readonly boot: bigint;
  readonly sequence: bigint;
  readonly timestamp: bigint;
  /** Milliseconds from the first sealing of any of these bytes to this one. */
  readonly age: number;
}

/** A packet whose MAC held. `data` and `mac` are views of the received bytes, not copies. */
export interface Packet extends PacketFields {
  readonly keyId: string;
  /** Whether the key is one of this collector alone. */
  readonly ownKey: boolean;
  readonly data: Buffer;
  readonly mac: Buffer;
}

/** Why a packet was refused; the result labels of `qrng_packets_total`. */
export type PacketRefusal = 'malformed' | 'crc' | 'hmac';

/** The received bytes are not a packet of a key holder. */
export class PacketError extends Error {
  constructor(
    readonly code: PacketRefusal,
    detail: string,
  ) {
    // In a flood of forged packets one is made for each, and the trace of a stack would cost more than the MAC.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(detail);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'PacketError';
  }
}

/** Whether `id` is a collector id: 1 to 16 of a-z, 0-9 and the hyphen. */
export function isCollectorId(id: string): boolean {
  return /^[a-z0-9-]{1,16}$/.test(id);
}

/**
 * Seals `data` into a packet of `HEADER_BYTES + data.length + MAC_BYTES` bytes, signed with `key`.
 *
 * @throws {RangeError} when a field is outside what the format can carry.
 */
export function sealPacket(fields: PacketFields, data: Uint8Array, key: MacKey): Buffer {
  if (!isCollectorId(fields.collector)) throw new RangeError('collector must be 1 to 16 of a-z 0-9 -');
  if (fields.sequence < 1n) throw new RangeError('sequence must be at least 1');
  if (!isLength(fields.type, data.length)) {
    throw new RangeError(`a ${fields.type} packet cannot carry ${data.length} bytes`);
  }
  if (!isAge(fields.type, fields.age)) {
    throw new RangeError(`a ${fields.type} packet cannot have an age of ${fields.age} ms`);
  }
  // Not from the shared pool of Buffer.allocUnsafe: entropy does not share memory with strings.
  const packet = Buffer.alloc(HEADER_BYTES + data.length + MAC_BYTES);
  packet.writeUInt32BE(MAGIC, AT.magic);
  packet.writeUInt8(VERSION, AT.version);
  packet.writeUInt8(TYPE_CODES[fields.type], AT.type);
  packet.write(key.id, AT.keyId, 'hex');
  packet.writeUInt32BE(data.length, AT.length);
  packet.write(fields.collector, AT.collector, 'latin1');
  packet.writeBigUInt64BE(fields.boot, AT.boot);
  packet.writeBigUInt64BE(fields.sequence, AT.sequence);
  packet.writeBigUInt64BE(fields.timestamp, AT_TIMESTAMP);
  packet.writeUInt32BE(crc32(data), AT_CRC);
  packet.writeUInt32BE(fields.age, AT_AGE);
  packet.set(data, HEADER_BYTES);
  key.mac(signedBytes(packet)).copy(packet, HEADER_BYTES + data.length);
  return packet;
}

/**
 * Opens a received packet in the seed's order: shape, CRC32, HMAC. The fields are decoded only after the MAC held, but
 * for those that decide where the MAC is and which key made it.
 *
 * @throws {PacketError} `malformed`, `crc` or `hmac`.
 */
export function openPacket(packet: Buffer, keys: Keyring): Packet {
  const type = checkShape(packet);
  const data = packet.subarray(HEADER_BYTES, packet.length - MAC_BYTES);
  if (crc32(data) !== packet.readUInt32BE(AT_CRC)) {
    throw new PacketError('crc', 'CRC32 does not match the data');
  }
  const keyId = packet.toString('hex', AT.keyId, AT.keyId + 4);
  const mac = packet.subarray(packet.length - MAC_BYTES);
  const collector = collectorOf(packet);
  const key = keys.find(keyId, collector);
  if (key === undefined) throw new PacketError('hmac', 'unknown key id');
  if (!key.verify(signedBytes(packet), mac)) throw new PacketError('hmac', 'HMAC does not match');
  return {
    type,
    keyId,
    ownKey: keys.hasOwn(collector),
    collector,
    boot: packet.readBigUInt64BE(AT.boot),
    sequence: packet.readBigUInt64BE(AT.sequence),
    timestamp: packet.readBigUInt64BE(AT_TIMESTAMP),
    age: packet.readUInt32BE(AT_AGE),
    data,
    mac,
  };
}

/** The bytes that the MAC covers: everything before it. Signer and verifier both take them from here. */
function signedBytes(packet: Buffer): Buffer {
  return packet.subarray(0, packet.length - MAC_BYTES);
}

function checkShape(packet: Buffer): PacketType {
  if (packet.length < MIN_PACKET_BYTES) {
    throw new PacketError('malformed', `${packet.length} bytes are too few`);
  }
  if (packet.readUInt32BE(AT.magic) !== MAGIC) throw new PacketError('malformed', 'wrong magic');
  if (packet.readUInt8(AT.version) !== VERSION) throw new PacketError('malformed', 'unknown version');
  const type = typeOf(packet.readUInt8(AT.type));
  if (type === undefined) throw new PacketError('malformed', 'unknown type');
  if (packet.readUInt16BE(6) !== 0) throw new PacketError('malformed', 'reserved bytes are not zero');
  if (!isAge(type, packet.readUInt32BE(AT_AGE))) throw new PacketError('malformed', 'a heartbeat has no age');
  const length = packet.readUInt32BE(AT.length);
  if (!isLength(type, length)) {
    throw new PacketError('malformed', `a ${type} packet cannot carry ${length} bytes`);
  }
  if (packet.length !== HEADER_BYTES + length + MAC_BYTES) {
    throw new PacketError(
      'malformed',
      `length field says ${length}, the body has ${packet.length} bytes in all`,
    );
  }
  if (!isCollectorId(collectorOf(packet))) {
    throw new PacketError('malformed', 'collector id is not 1 to 16 of a-z 0-9 -');
  }
  if (packet.readBigUInt64BE(AT.sequence) < 1n) throw new PacketError('malformed', 'sequence 0');
  return type;
}

function typeOf(code: number): PacketType | undefined {
  if (code === TYPE_CODES.entropy) return 'entropy';
  return code === TYPE_CODES.heartbeat ? 'heartbeat' : undefined;
}

function isLength(type: PacketType, length: number): boolean {
  return type === 'entropy' ? length >= 1 && length <= MAX_ENTROPY_BYTES : length <= MAX_HEARTBEAT_BYTES;
}

/** A heartbeat is sealed once: an age in it would be a second encoding. */
function isAge(type: PacketType, age: number): boolean {
  return Number.isInteger(age) && age >= 0 && age <= (type === 'entropy' ? MAX_AGE : 0);
}

/** Only the zeros at the end are padding: a zero in the middle stays in the text, and the id is refused. */
function collectorOf(packet: Buffer): string {
  return packet.toString('latin1', AT.collector, AT.collector + COLLECTOR_BYTES).replace(/\0+$/, '');
}

/** Who sealed a packet and its number, without looking at anything else; for the names of files. */
export function packetPosition(packet: Buffer): { collector: string; boot: bigint; sequence: bigint } {
  return {
    collector: packet.toString('latin1', AT.collector, AT.boot).replace(/\0+$/, ''),
    boot: packet.readBigUInt64BE(AT.boot),
    sequence: packet.readBigUInt64BE(AT.sequence),
  };
}
