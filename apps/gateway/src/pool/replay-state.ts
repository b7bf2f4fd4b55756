/** The last (boot, sequence) accepted of each collector; what is not above it is a replay. */
import type { Packet } from '#libs/crypto';

interface Position {
  readonly boot: bigint;
  readonly sequence: bigint;
  readonly mac: string;
}

export class ReplayState {
  readonly #last = new Map<string, Position>();

  /** How `packet` stands to the last one accepted of its collector. */
  check(packet: Packet): 'next' | 'replay' | 'conflict' {
    const last = this.#last.get(packet.collector);
    if (last === undefined || packet.boot > last.boot) return 'next';
    if (packet.boot === last.boot && packet.sequence > last.sequence) return 'next';
    const same = packet.boot === last.boot && packet.sequence === last.sequence;
    return same && packet.mac.toString('hex') !== last.mac ? 'conflict' : 'replay';
  }

  /** Sequence numbers between the last accepted packet of this run and `packet`. */
  missing(packet: Packet): bigint {
    const last = this.#last.get(packet.collector);
    return packet.sequence - (last?.boot === packet.boot ? last.sequence : 0n) - 1n;
  }

  /** Remembers `packet` as the last one accepted. */
  advance(packet: Packet): void {
    const { boot, sequence } = packet;
    this.#last.set(packet.collector, { boot, sequence, mac: packet.mac.toString('hex') });
  }
}
