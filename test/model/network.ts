/** What passes between collectors and gateways, and what the adversary can do with it: everything. */
import { MacKey, openPacket, PacketError } from '#libs/crypto';
import type { Keyring, Packet } from '#libs/crypto';
import { WINDOW } from './window.js';
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
  /** Makes a copy of what it keeps on disk. */
  keepState(): void;
  /** What it keeps on disk is deleted, damaged, or replaced by the copy; only while it is down. */
  loseState(how: 'deleted' | 'damaged' | 'restored'): void;
  /** The result of admission; `unknown` when it died over it. */
  admit(packet: Packet): Promise<string>;
  /** Takes all bytes out of the pool, as clients do; gives them. */
  drain(): Promise<Buffer>;
  /** Reports to a shared pool, and hears of it. */
  hear(): Promise<void>;
  /** Has the positions of a collector forgotten, as `npm run replay -- forget` does; only while it is up. */
  forget(collector: string): Promise<void>;
  /** Whether it says that timestamps in the future keep something out. */
  isBlocked(): boolean;
}

export class Network {
  /** Everything that was ever sealed, in its order: the adversary has it all. */
  readonly wire: Buffer[] = [];
  /** How often each piece of entropy was taken, by its bytes in hexadecimal; and each (collector, boot, sequence). */
  readonly taken = new Map<string, number>();
  readonly positions = new Map<string, number>();
  /** How often each piece of entropy was served. */
  readonly served = new Map<string, number>();
  /** Packets that were taken long after their time, or before. */
  readonly untimely: string[] = [];
  keys: Keyring;

  /** @param now true time, Unix ms. */
  constructor(
    keys: Keyring,
    private readonly now: () => number,
  ) {
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

  /** Clients get all that a gateway has. */
  async drain(gateway: ModelGateway): Promise<void> {
    if (gateway.up) countPieces(this.served, await gateway.drain());
  }

  /** What was taken or served more than once; empty as long as the first theorem holds. */
  twice(): string[] {
    const all = [...this.taken, ...this.positions, ...this.served];
    return all.filter(([, count]) => count > 1).map(([what]) => what);
  }

  /** How many packets were taken. */
  get count(): number {
    return this.positions.size;
  }

  /** Counts a packet that a gateway took. */
  #note(packet: Packet): void {
    const { type, collector, boot, sequence, keyId } = packet;
    const ageMs = this.now() - Number(packet.timestamp);
    // However far the clocks of both ends are off, within the skew.
    if (ageMs > WINDOW.ttlMs + WINDOW.skewMs || -ageMs > 2 * WINDOW.skewMs) {
      this.untimely.push(`${collector} ${boot} ${sequence} is ${ageMs} ms old`);
    }
    if (type === 'entropy') countPieces(this.taken, packet.data);
    count(this.positions, `${type} ${collector} ${boot} ${sequence} ${keyId} ${packet.mac.toString('hex')}`);
  }
}

function countPieces(counts: Map<string, number>, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    count(counts, bytes.toString('hex', at, at + PIECE_BYTES));
  }
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

/** A key for the model. */
export function keyOf(byte: string): MacKey {
  return MacKey.fromHex(`${byte.repeat(31)}ff`);
}
