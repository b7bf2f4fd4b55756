/** The wall clock, injected so that tests can move it. */
import { Injectable } from '@nestjs/common';

@Injectable()
export class Clock {
  /** Unix time in milliseconds. */
  now(): number {
    return Date.now();
  }
}
