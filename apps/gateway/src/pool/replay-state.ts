/** The last (boot, sequence) accepted of each collector; what is not above it is a replay. */
import type { ReplayRecord } from './replay-journal.js';

/** So many packets back a second, different packet with the same sequence is told from a replay by its MAC. */
export const REMEMBERED_PACKETS = 16;
/** More than an installation has; whoever holds the key could otherwise fill memory and disk with names. */
export const MAX_COLLECTORS = 256;

export class ReplayState {
  /** The latest records of each collector's present run, the last accepted one at the end. */
  readonly #recent = new Map<string, ReplayRecord[]>();
  /** The latest time of sealing of each collector's accepted packets, since this process began. */
  readonly #newest = new Map<string, bigint>();

  /** @param records those of a journal, in the order in which they were accepted. */
  constructor(records: readonly ReplayRecord[] = []) {
    for (const record of records) this.advance(record);
  }

  /** How a packet stands to those accepted of its collector. */
  check(packet: ReplayRecord): 'next' | 'replay' | 'conflict' | 'too-many-collectors' {
    const recent = this.#recent.get(packet.collector);
    const last = recent?.at(-1);
    if (recent === undefined || last === undefined) {
      return this.#recent.size < MAX_COLLECTORS ? 'next' : 'too-many-collectors';
    }
    if (packet.boot > last.boot) return 'next';
    if (packet.boot === last.boot && packet.sequence > last.sequence) return 'next';
    const same = recent.find(({ boot, sequence }) => boot === packet.boot && sequence === packet.sequence);
    const differs = same === undefined ? this.#isSealedLater(packet, last) : !same.mac.equals(packet.mac);
    return differs ? 'conflict' : 'replay';
  }

  /** Sealed after all that was accepted, and yet not above it: no copy of any of that, but a second sealer of this run. */
  #isSealedLater({ collector, boot, timestamp = 0n }: ReplayRecord, last: ReplayRecord): boolean {
    const newest = this.#newest.get(collector);
    return boot === last.boot && newest !== undefined && timestamp > newest;
  }

  /** The collectors of which a packet was ever accepted. */
  collectors(): string[] {
    return [...this.#recent.keys()];
  }

  /** Whether a packet of this collector was ever accepted. */
  knows(collector: string): boolean {
    return this.#recent.has(collector);
  }

  /** Sequence numbers between the last accepted packet of this run and `packet`. */
  missing({ collector, boot, sequence }: ReplayRecord): bigint {
    const last = this.#recent.get(collector)?.at(-1);
    return sequence - (last?.boot === boot ? last.sequence : 0n) - 1n;
  }

  /** Remembers an accepted packet as the last one of its collector. */
  advance({ collector, boot, sequence, mac, timestamp = 0n }: ReplayRecord): void {
    const newest = this.#newest.get(collector) ?? 0n;
    if (timestamp > newest) this.#newest.set(collector, timestamp);
    // A copy: the packet's own mac is a view that would keep the whole packet in memory.
    const record = { collector, boot, sequence, mac: Buffer.from(mac) };
    const recent = this.#recent.get(collector) ?? [];
    this.#recent.set(collector, [...recent.slice(1 - REMEMBERED_PACKETS), record]);
  }

  /** What a journal needs to hold, in the order in which it was accepted of each collector. */
  records(): ReplayRecord[] {
    return [...this.#recent.values()].flat();
  }
}
