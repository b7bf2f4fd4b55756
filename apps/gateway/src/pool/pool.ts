/**
 * The pool behind the gateway: where admitted packets go and served bytes come from. Two implementations: EmbeddedPool
 * (this process's memory, replay state on disk) and a pool in Redis shared by several gateways.
 *
 *   admit(packet) -> | fresh? above the last? room? -> advance the replay state -> store | -> take(n)
 */
import type { Packet } from '#libs/crypto';
import type { PacketRef, Piece } from './packet-ref.js';
import type { Traffic } from './traffic.js';

/**
 * What became of a packet. `accepted` took it, `missing` counts the sequence numbers skipped; `unknown` may have taken
 * it (the answer of the store was lost); nothing else changed anything.
 */
export type Admission =
  | { readonly result: 'accepted'; readonly missing: bigint }
  | {
      readonly result: 'stale' | 'future' | 'replay' | 'conflict' | 'full' | 'unready' | 'unknown';
      readonly detail: string;
    };

/** What is said of a packet that is fresh and not the next one of its collector. */
export const STANDINGS = {
  'below-floor': { result: 'stale', detail: 'its bytes were exposed before the floor of the replay state' },
  replay: { result: 'replay', detail: '(boot, sequence) is not above the last one accepted' },
  conflict: { result: 'conflict', detail: 'a different packet with this (boot, sequence) was accepted' },
  'too-many-collectors': { result: 'unready', detail: 'the replay state knows too many collectors' },
} as const;

/** What is refused until a moment (Unix ms) that is too far ahead. */
export interface Block {
  readonly what: string;
  readonly until: number;
}

/** The moments that are later than clocks may differ from `now` (Unix ms). */
export function blocksAhead(blocks: readonly Block[], now: number, skewMs: number): Block[] {
  return blocks.filter(({ until }) => until > now + skewMs);
}

/** Why bytes left the pool without being served; the reason label of `qrng_entropy_discarded_bytes_total`. */
export const DISCARD_REASONS = [
  'replaced',
  'expired',
  /** Leased from a shared pool and neither served nor given back: the gateway stopped or died. */
  'lease',
  /** The shared pool was dropped, because Redis restarted, failed over or lost its data. */
  'fence',
  /** Not healthy: its collector delivered a block that failed a health test. */
  'health',
] as const;
export type DiscardReason = (typeof DISCARD_REASONS)[number];

/** How full the pool is: bytes, and milliseconds since the oldest byte came (0 when empty). */
export interface PoolLevel {
  readonly bytes: number;
  /** Of them those that this gateway can get: not what others have leased. */
  readonly reachable: number;
  readonly capacity: number;
  readonly oldestAgeMs: number;
}

/** The least share of its capacity that a pool holds when its gateway is ready (contract, section 5). */
const READY_SHARE = 0.05;

export function readyBytes(capacity: number): number {
  return Math.ceil(capacity * READY_SHARE);
}

/** From here on a pool counts as full: the last bytes take packets as small. Nothing comes into a full pool, which says nothing of its feed. */
const FULL_SHARE = 0.99;

export function isFull({ bytes, capacity }: Pick<PoolLevel, 'bytes' | 'capacity'>): boolean {
  return bytes >= capacity * FULL_SHARE;
}

export interface Pool {
  /** Of a pool that other processes fill and empty, too: what passed through any of them. */
  readonly traffic?: Traffic;

  /**
   * Checks time, sequence and room, advances the replay state so that no crash lets the packet in again, then stores the
   * data: one atomic step.
   *
   * @param stores false: the data is not stored, and needs no room; default: true.
   * @param ref what is remembered with the bytes, where receipts are given.
   */
  admit(packet: Packet, stores?: boolean, ref?: PacketRef): Admission | Promise<Admission>;

  /** Drops everything, also what other gateways hold of it: none of it is served from now on, but for what these serve within a second. */
  discard(): void;

  /**
   * Takes `count` bytes that are at hand in this process's memory, or nothing when fewer are. Never waits.
   *
   * @param from gets where they came from.
   */
  take(count: number, from?: Piece[]): Buffer | undefined;

  /** Where the `count` bytes came from that `take` would give now; a moment later some of them may have expired. */
  pieces(count: number): Piece[];

  /** Whether `count` bytes are at hand, so that several `take` of as many in all succeed now. Never waits. */
  holds(count: number): boolean;

  /**
   * Brings `count` bytes to hand if the pool has them elsewhere. False: it has not. True: `take(count)` succeeds if
   * nobody else takes them first; then ask again.
   */
  prepare(count: number): Promise<boolean>;

  level(): PoolLevel;

  /** Why nothing can be admitted now, such as a Redis that does not answer; undefined while all is well. */
  fault(): string | undefined;

  /** While there is a fault: whether what is at hand is enough to serve on for a while. */
  servesOn(): boolean;

  /** What timestamps in the future keep out; empty while all is well. */
  blocks(): Block[];

  /** Ends timers and connections; what is held in memory is wiped. */
  close(): Promise<void>;
}
