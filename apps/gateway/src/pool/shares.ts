/**
 * What a key leaves in the pool for others: one that has had more than its part lately draws it down to a reserve, so that a key that
 * takes whatever comes in keeps nobody from a few bytes.
 */
import { getOrMake } from '../maps.js';

/** What was had counts half after this time. */
const HALF_LIFE_MS = 60_000;
/** Whoever has had less lately leaves nothing. */
const SMALL_BYTES = 262_144;
/** Keys count for the parts while they drew within this time. */
const DAY_MS = 86_400_000;

/** What is left for others is what they may ask for at once, as long as the pool gets that within this many seconds. */
const RESERVE_BYTES = 65_536;
const RESERVE_SECS = 2;

/** Bytes that are to be left in a pool that gets `bytesPerSecond`, and got the last ones `idleMs` ago; none when nothing comes in to wait for. */
export function reserve({
  in: bytesPerSecond,
  idleMs = Infinity,
}: {
  in: number;
  idleMs: number | undefined;
}): number {
  return idleMs > RESERVE_SECS * 1000
    ? 0
    : Math.min(RESERVE_BYTES, Math.floor(bytesPerSecond * RESERVE_SECS));
}

interface Had {
  bytes: number;
  at: number;
}

export class Shares {
  readonly #clients = new Map<string, Had>();
  readonly #all: Had = { bytes: 0, at: 0 };

  /** Notes that `client` drew `bytes` at `now` (ms of a clock that never goes back). */
  note(client: string, bytes: number, now: number): void {
    const own = getOrMake(this.#clients, client, () => {
      this.#forget(now);
      return { bytes: 0, at: now };
    });
    for (const had of [own, this.#all]) {
      had.bytes = lately(had, now) + bytes;
      had.at = now;
    }
  }

  /** Whether `client` has had more than its part of what all drew lately. */
  isOver(client: string, now: number): boolean {
    const had = this.#clients.get(client);
    if (had === undefined || lately(had, now) < SMALL_BYTES) return false;
    return lately(had, now) > lately(this.#all, now) / this.#clients.size;
  }

  #forget(now: number): void {
    for (const [name, { at }] of this.#clients) if (now - at > DAY_MS) this.#clients.delete(name);
  }
}

function lately({ bytes, at }: Had, now: number): number {
  return bytes * 2 ** ((at - now) / HALF_LIFE_MS);
}
