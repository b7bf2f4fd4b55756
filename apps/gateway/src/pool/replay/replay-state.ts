/**
 * What was taken, as far as it could come back: the last (boot, sequence) of each collector, and floors.
 *
 * Nothing exposed before the floor is ever taken. A position is needed only while a copy of what it remembers could be
 * fresh: one that took nothing for TTL plus skew is forgotten, and the floor rises above everything it had taken. So a
 * collector that was locked out, by whatever, is taken again (docs/packet.md has the argument).
 */
import type { Packet } from '#libs/crypto';
import { exposedAt } from './freshness.js';
import type { FreshnessWindow } from './freshness.js';
import { MAX_COLLECTORS } from '../../bounds.js';

/** A second, different packet with one sequence is told from a replay by its MAC for this many packets. */
export const REMEMBERED_PACKETS = 16;

/** One accepted packet; `mac` is the 32 bytes of its HMAC. */
export interface Accepted {
  readonly boot: bigint;
  readonly sequence: bigint;
  readonly mac: Buffer;
}

/** What is remembered of a collector. Times are Unix ms. */
export interface Position {
  /** Whether the packets were sealed with a key of this collector alone. Others do not bind it, but for their floor. */
  readonly ownKey: boolean;
  /** The latest accepted packets, the last one at the end; none after `forget`. */
  readonly recent: readonly Accepted[];
  /** The latest timestamp that was accepted. */
  readonly newest: number;
  /** When something was accepted last: its timestamp, or where that was ahead the moment itself. */
  readonly since: number;
  /** Nothing of this collector exposed before it is taken. */
  readonly floor: number;
}

export type Standing = 'next' | 'below-floor' | 'replay' | 'conflict' | 'too-many-collectors';

export class ReplayState {
  /** Nothing exposed before it is taken, Unix ms. */
  floor: number;
  readonly #window: FreshnessWindow;
  readonly #positions: Map<string, Position>;

  constructor(floor: number, window: FreshnessWindow, positions: Iterable<[string, Position]> = []) {
    this.floor = floor;
    this.#window = window;
    this.#positions = new Map(positions);
  }

  /** Compares a fresh packet with what was accepted before. */
  check(packet: Packet, now: number): Standing {
    this.#heal(packet.collector, now);
    const exposed = exposedAt(packet);
    if (exposed < this.floor) return 'below-floor';
    const position = this.#positions.get(packet.collector);
    if (position === undefined) return this.#hasRoom(now) ? 'next' : 'too-many-collectors';
    if (exposed < floorFor(packet, position)) return 'below-floor';
    const last = position.recent.at(-1);
    if (last === undefined || position.ownKey !== packet.ownKey || isAbove(packet, last)) return 'next';
    return this.#isReplay(packet, last, position) ? 'replay' : 'conflict';
  }

  /**
   * Sequence numbers between the last accepted packet of this run and `packet`. None of a collector that is new here, or was
   * forgotten, and whose run is older than that: what it sent before was not lost.
   */
  missing({ collector, boot, sequence }: Packet): bigint {
    const position = this.#positions.get(collector);
    const last = position?.recent.at(-1);
    if (last === undefined && boot < BigInt(Math.max(this.floor, position?.floor ?? 0))) return 0n;
    return sequence - (last?.boot === boot ? last.sequence : 0n) - 1n;
  }

  /** Remembers a packet that `check` found to be the next one. */
  advance(packet: Packet, now: number): void {
    const { collector, boot, sequence, mac, ownKey } = packet;
    const timestamp = Number(packet.timestamp);
    const before = this.#positions.get(collector);
    const goesOn = before?.ownKey === ownKey;
    this.#positions.set(collector, {
      ownKey,
      // A copy: the packet's own mac is a view that would keep the whole packet in memory.
      recent: [
        ...(goesOn ? before.recent.slice(1 - REMEMBERED_PACKETS) : []),
        { boot, sequence, mac: Buffer.from(mac) },
      ],
      newest: Math.max(before?.newest ?? 0, timestamp),
      since: Math.max(before?.since ?? 0, Math.min(timestamp, now)),
      floor: before === undefined ? 0 : floorFor(packet, before),
    });
  }

  /**
   * Forgets the position of a collector: it is taken again from now on, and nothing that was exposed before.
   *
   * @returns that moment, which lies ahead where packets stamped in the future were taken; undefined when it was not known.
   */
  forget(collector: string, now: number): number | undefined {
    const position = this.#positions.get(collector);
    if (position === undefined) return undefined;
    const floor = Math.max(now + 1, position.newest + 1);
    this.#positions.set(collector, { ...position, recent: [], floor });
    return floor;
  }

  positions(): ReadonlyMap<string, Position> {
    return this.#positions;
  }

  /** The latest timestamp among what is remembered; 0 when that is nothing. */
  newest(): number {
    return Math.max(0, ...[...this.#positions.values()].map(({ newest }) => newest));
  }

  #hasRoom(now: number): boolean {
    if (this.#positions.size < MAX_COLLECTORS) return true;
    for (const collector of this.#positions.keys()) this.#heal(collector, now);
    return this.#positions.size < MAX_COLLECTORS;
  }

  /** Forgets a position once no copy of what it took can be fresh; whatever the clock does then, the floor keeps them out. */
  #heal(collector: string, now: number): void {
    const position = this.#positionAt(collector, now);
    if (position === undefined) return;
    if (now < forgottenAt(position, this.#window)) return;
    this.#positions.delete(collector);
    this.floor = Math.max(this.floor, endOf(position));
  }

  /** With its floor brought back to the present where a clock was ahead when it was forgotten, and nothing later was taken. */
  #positionAt(collector: string, now: number): Position | undefined {
    const position = this.#positions.get(collector);
    if (position === undefined || position.floor - now <= this.#window.skewMs || position.newest > now) {
      return position;
    }
    const lowered = { ...position, floor: now + 1 };
    this.#positions.set(collector, lowered);
    return lowered;
  }

  #isReplay(packet: Packet, last: Accepted, { recent, newest }: Position): boolean {
    const same = recent.find(({ boot, sequence }) => boot === packet.boot && sequence === packet.sequence);
    if (same !== undefined) return same.mac.equals(packet.mac);
    // Sealed after all that was accepted, and yet not above it: no copy of any of that, but a second sealer of this run.
    return !(packet.boot === last.boot && Number(packet.timestamp) > newest);
  }
}

/** The first moment of exposure that nothing a position has taken can have. */
function endOf({ newest, floor }: Position): number {
  return Math.max(newest + 1, floor);
}

/**
 * When a position is forgotten, Unix ms: TTL plus skew after it took something. No copy of that can be fresh by then, as it was stamped at most
 * the skew ahead; earlier, the floor that it leaves would keep out bytes of others that were first sealed by a clock that is behind.
 */
export function forgottenAt({ since, floor }: Position, { ttlMs, skewMs }: FreshnessWindow): number {
  return 1 + Math.max(since, floor - 1) + ttlMs + skewMs;
}

/** What was sealed with other keys is no position to be above; but none of those bytes are taken again under this one. */
function floorFor(packet: Packet, position: Position): number {
  return position.ownKey === packet.ownKey ? position.floor : endOf(position);
}

function isAbove(packet: Packet, last: Accepted): boolean {
  return packet.boot === last.boot ? packet.sequence > last.sequence : packet.boot > last.boot;
}
