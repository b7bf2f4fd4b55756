/**
 * Brings packets that a carrier delivered in another order back into that of sealing: pure, time comes in as a parameter.
 *
 *   add -> follows on the one before   passes
 *       -> after a gap                 waits, so that what is late can still come, but no longer than `patienceMs`
 *       -> older than what passed      passes: admission refuses it
 */
import type { Packet } from '#libs/crypto';
import { MAX_COLLECTORS } from '../bounds.js';

type Position = Pick<Packet, 'collector' | 'boot' | 'sequence'>;

interface Waiting<T> {
  readonly position: Position;
  readonly item: T;
  readonly since: number;
}

interface Queue<T> {
  /** The latest that passed, and when it came. */
  last: Position | undefined;
  lastAt: number;
  /** In the order of sealing. */
  readonly waiting: Waiting<T>[];
}

/** A position that nothing has followed for so long is forgotten: it may have been one that a stolen key had invented. */
const POSITION_MS = 300_000;

export class Sequencer<T> {
  readonly #queues = new Map<string, Queue<T>>();

  /** @param patienceMs for how long the packets behind a gap wait for what is missing. */
  constructor(private readonly patienceMs: number) {}

  /** Takes a packet that came at `now`, monotonic ms. */
  add(position: Position, item: T, now: number): void {
    const queue = this.#queueOf(position.collector);
    if (now - queue.lastAt >= POSITION_MS) queue.last = undefined;
    const { waiting } = queue;
    let at = waiting.length;
    while (at > 0 && isBefore(position, waiting[at - 1]?.position)) at -= 1;
    waiting.splice(at, 0, { position, item, since: now });
  }

  /** Removes and returns what has its turn at `now`; with Infinity all that waits, with -Infinity what need not have waited. */
  due(now: number): T[] {
    return [...this.#queues.values()].flatMap((queue) => this.#dueOf(queue, now));
  }

  /** When the next packet has waited long enough; undefined when none waits. */
  nextAt(): number | undefined {
    let earliest = Infinity;
    for (const { waiting } of this.#queues.values()) {
      for (const { since } of waiting) earliest = Math.min(earliest, since);
    }
    return earliest === Infinity ? undefined : earliest + this.patienceMs;
  }

  #dueOf(queue: Queue<T>, now: number): T[] {
    // Whatever is older than one that has waited long enough passes with it.
    let count =
      now === -Infinity ? 0 : queue.waiting.findLastIndex(({ since }) => now - since >= this.patienceMs) + 1;
    for (const [index, { position, since }] of queue.waiting.entries()) {
      if (index >= count && !follows(position, queue.last)) break;
      if (queue.last === undefined || isBefore(queue.last, position)) {
        queue.last = position;
        queue.lastAt = since;
      }
      count = Math.max(count, index + 1);
    }
    return queue.waiting.splice(0, count).map(({ item }) => item);
  }

  #queueOf(collector: string): Queue<T> {
    const known = this.#queues.get(collector);
    if (known !== undefined) return known;
    if (this.#queues.size >= MAX_COLLECTORS) this.#forgetIdle(); // their next packet may wait once more
    const queue: Queue<T> = { last: undefined, lastAt: Infinity, waiting: [] };
    this.#queues.set(collector, queue);
    return queue;
  }

  #forgetIdle(): void {
    for (const [collector, { waiting }] of this.#queues) {
      if (waiting.length === 0) this.#queues.delete(collector);
    }
  }
}

function isBefore(a: Position, b: Position | undefined): boolean {
  return b !== undefined && (a.boot < b.boot || (a.boot === b.boot && a.sequence < b.sequence));
}

/** Whether nothing that is still to come belongs between `last` and `position`; of a new run that is not known. */
function follows(position: Position, last: Position | undefined): boolean {
  if (last === undefined) return position.sequence === 1n;
  return (
    !isBefore(last, position) || (position.boot === last.boot && position.sequence === last.sequence + 1n)
  );
}
