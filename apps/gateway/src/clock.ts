/** Clocks, injected so that tests can move them. */
import { Injectable } from '@nestjs/common';

@Injectable()
export class Clock {
  /** Unix time in milliseconds. */
  now(): number {
    return Date.now();
  }

  /** Milliseconds since the process began; never goes back, whatever becomes of the wall clock. */
  monotonic(): number {
    return performance.now();
  }
}
