/**
 * The head's pool: takes packets as ever, and lends what is in it to workers, which serve it.
 *
 *   admit(packet) -> pool -> lend(worker) -> served or dropped there, as the worker reports
 *                                        \-> lost with a worker that died: discarded
 *
 * What is lent and not reported yet counts as in the pool, so `received = served + discarded + in the pool` holds at every moment.
 */
import { EmbeddedPool } from './embedded-pool.js';
import type { BufferOptions } from './expiring-buffer.js';
import { joined } from './packet-ref.js';
import type { Piece } from './packet-ref.js';
import type { DiscardReason, PoolLevel } from './pool.js';
import { getOrMake } from '../maps.js';

/** The most that is lent ahead at a time, and which part of the pool that may be: a worker that dies loses it. */
export const MOST_LENT_BYTES = 256 * 1024;
const SHARE = 16;

/** Bytes that expire are lent in pieces of this size, as each piece counts as old as its oldest byte. */
const PIECE_BYTES = 4096;

export interface LentPiece {
  readonly data: Buffer;
  /** Of the monotonic clock of the machine, ms. */
  readonly receivedAt: number;
  /** Where the bytes came from, as far as that is remembered. */
  readonly from: readonly Piece[];
}

interface Loan {
  lent: number;
  used: number;
}

export class LendingPool extends EmbeddedPool {
  readonly #loans = new Map<number, Loan>();
  #discards = 0;
  #tell: () => void = () => undefined;

  constructor(
    parts: ConstructorParameters<typeof EmbeddedPool>,
    private readonly workers: number,
    private readonly buffer: Pick<BufferOptions, 'ttlMs'>,
    private readonly onDiscard: (reason: DiscardReason, bytes: number) => void,
  ) {
    super(...parts);
  }

  /**
   * Lends to `worker`: what it needs, and more while there is plenty; nothing when there is less than it needs.
   *
   * @param systemNow the monotonic clock of the machine, ms.
   */
  lend(worker: number, need: number, systemNow: number): LentPiece[] {
    const { reachable } = super.level();
    if (need > reachable) return [];
    const ahead = Math.floor(Math.min(MOST_LENT_BYTES, reachable / (SHARE * this.workers)));
    const pieces = this.#cut(Math.max(need, ahead), systemNow);
    const loan = getOrMake(this.#loans, worker, () => ({ lent: 0, used: 0 }));
    for (const { data } of pieces) loan.lent += data.length;
    return pieces;
  }

  /** What `worker` has served or dropped of all that was lent to it so far; gives how much that is more than before. */
  settle(worker: number, used: number): number {
    const loan = this.#loans.get(worker);
    const more = used - (loan?.used ?? used);
    if (loan !== undefined) loan.used = used;
    return more;
  }

  /** `worker` is gone; what it had and did not report as served is lost. */
  forfeit(worker: number): void {
    const { lent, used } = this.#loans.get(worker) ?? { lent: 0, used: 0 };
    this.#loans.delete(worker);
    if (lent > used) this.onDiscard('lease', lent - used);
  }

  get discards(): number {
    return this.#discards;
  }

  /** Has `tell` called when everything is discarded: workers drop what they hold, too. */
  whenDiscarded(tell: () => void): void {
    this.#tell = tell;
  }

  override discard(): void {
    this.#discards += 1;
    super.discard();
    this.#tell();
  }

  override level(): PoolLevel {
    const level = super.level();
    let bytes = level.bytes;
    for (const { lent, used } of this.#loans.values()) bytes += lent - used;
    return { ...level, bytes };
  }

  #cut(count: number, systemNow: number): LentPiece[] {
    const size = this.buffer.ttlMs === 0 ? count : PIECE_BYTES;
    const pieces: LentPiece[] = [];
    for (let left = count; left > 0; left -= size) {
      const receivedAt = systemNow - super.level().oldestAgeMs;
      const from: Piece[] = [];
      const data = this.take(Math.min(size, left), from);
      if (data === undefined) break;
      pieces.push({ data, receivedAt, from: joined([], from) });
    }
    return pieces;
  }
}
