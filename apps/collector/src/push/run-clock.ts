/** The timestamps of one run: they never go back, and the run ends when the wall clock does what no clock should. */

/** How far the clocks of collector and gateway may differ (QRNG_CLOCK_SKEW_SECS of the gateway), ms. */
export const CLOCK_SKEW_MS = 60_000;
/** A wall clock that gains this much on the monotonic one between two looks was set, or this machine was suspended or restored, ms. */
const LEAP_MS = 1000;

/** A timestamp (Unix ms), or why there can be none in this run any more, and by how many ms the clock was off. */
export type Reading =
  | { readonly timestamp: number }
  | { readonly fault: 'clock-went-back' | 'clock-leapt'; readonly byMs: number };

export class RunClock {
  /** The latest timestamp. */
  #latest: number;
  /** How far the wall clock was ahead of the monotonic one at the last look. */
  #lead: number;

  /** @param wall Unix ms. @param monotonic ms of a clock that is never set; both at the beginning of the run. */
  constructor(wall: number, monotonic: number) {
    this.#latest = wall;
    this.#lead = wall - monotonic;
  }

  /** The time to stamp a packet with, from both clocks as they are now. */
  read(wall: number, monotonic: number): Reading {
    const back = this.#latest - wall;
    if (back > CLOCK_SKEW_MS) return { fault: 'clock-went-back', byMs: back };
    // A machine that was restored from a snapshot holds bytes that were sent already. Its clock shows it, once it is right;
    // since the last look, as a clock that was set back before would hide it.
    const leap = wall - monotonic - this.#lead;
    if (leap > LEAP_MS) return { fault: 'clock-leapt', byMs: Math.round(leap) };
    this.#lead = wall - monotonic;
    this.#latest = Math.max(this.#latest, wall);
    return { timestamp: this.#latest };
  }
}
