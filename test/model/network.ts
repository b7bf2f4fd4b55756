/** What passes between collectors and gateways, and what the adversary can do with it: everything. */
import { MacKey, openPacket, PacketError } from '#libs/crypto';
import type { Keyring, Packet } from '#libs/crypto';
import { PIECE_BYTES } from './model-collector.js';

/** The status that a gateway's decision is answered with; 0 stands for a reset. */
const STATUS: Record<string, number> = {
  accepted: 204,
  replay: 409,
  conflict: 409,
  stale: 422,
  future: 422,
  full: 507,
  unready: 503,
  unknown: 0,
};

/** A gateway of either kind. */
export interface ModelGateway {
  /** Whether its process is there. */
  readonly up: boolean;
  /** ms that its clock is ahead. */
  offset: number;
  start(): Promise<void>;
  /** Ends it as SIGTERM does. */
  stop(): Promise<void>;
  /** Ends it as `kill -9` does, at once or when it passes the named failpoint next. */
  crash(failpoint?: string): Promise<void>;
  /** Takes a crash back that has not happened yet. */
  spare(): void;
  /** Deletes or damages what it keeps on disk; only while it is down. */
  loseState(damaged: boolean): void;
  /** The result of admission; `unknown` when it died over it. */
  admit(packet: Packet): Promise<string>;
  /** Takes all bytes out of the pool. */
  drain(): Promise<void>;
  /** Whether it says that timestamps in the future keep something out. */
  isBlocked(): boolean;
}

export class Network {
  /** Everything that was ever sealed, in its order: the adversary has it all. */
  readonly wire: Buffer[] = [];
  /** How often each piece of entropy was taken, by its bytes in hexadecimal; and each (collector, boot, sequence). */
  readonly taken = new Map<string, number>();
  readonly positions = new Map<string, number>();
  keys: Keyring;

  constructor(keys: Keyring) {
    this.keys = keys;
  }

  /** Brings a packet to a gateway; the status that it answers, 0 when nothing came back. */
  async deliver(bytes: Buffer, gateway: ModelGateway): Promise<number> {
    if (!gateway.up) return 503;
    let packet: Packet;
    try {
      packet = openPacket(Buffer.from(bytes), this.keys);
    } catch (error) {
      if (error instanceof PacketError) return error.code === 'hmac' ? 401 : 400;
      throw error;
    }
    const result = await gateway.admit(packet);
    if (result === 'accepted') this.#note(packet);
    return STATUS[result] ?? 0;
  }

  /** What was taken more than once; empty as long as the first theorem holds. */
  twice(): string[] {
    return [...this.taken, ...this.positions].filter(([, count]) => count > 1).map(([what]) => what);
  }

  /** How many packets were taken. */
  get count(): number {
    return this.positions.size;
  }

  /** Counts a packet that a gateway took. */
  #note(packet: Packet): void {
    const { type, collector, boot, sequence, keyId } = packet;
    for (let at = 0; type === 'entropy' && at < packet.data.length; at += PIECE_BYTES) {
      count(this.taken, packet.data.toString('hex', at, at + PIECE_BYTES));
    }
    count(this.positions, `${type} ${collector} ${boot} ${sequence} ${keyId} ${packet.mac.toString('hex')}`);
  }
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

/** A key for the model. */
export function keyOf(byte: string): MacKey {
  return MacKey.fromHex(`${byte.repeat(31)}ff`);
}
