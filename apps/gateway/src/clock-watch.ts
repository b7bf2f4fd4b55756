/**
 * Compares the wall clock with the monotonic one. Whatever rests on the time of day (freshness, days of the audit trail and
 * of quotas, dates of keys) is only as right as that clock, so an operator hears of every leap.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter } from 'prom-client';
import { AuditTrail } from './audit/audit-trail.js';
import { Clock } from './clock.js';
import type { Channel } from './link/channel.js';
import { HEAD } from './link/head.js';
import { logEvent } from './log-events.js';

const LOOK_EVERY_MS = 1000;
/** A time service slews by half a millisecond a second; what is more than this between two looks was set. */
const LEAP_MS = 1000;

@Injectable()
export class ClockWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  #ahead: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly audit: AuditTrail,
    @InjectMetric('qrng_clock_leaps_total') private readonly leaps: Counter,
    @Inject(HEAD) private readonly head?: Channel,
  ) {
    this.#ahead = this.#difference();
  }

  onApplicationBootstrap(): void {
    if (this.head !== undefined) return; // a worker has the clock of its head
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /** One look. Also after a suspension, in which the monotonic clock stands still, the wall clock has leapt. */
  look(): void {
    const ahead = this.#difference();
    const leapMs = Math.round(ahead - this.#ahead);
    this.#ahead = ahead;
    if (Math.abs(leapMs) <= LEAP_MS) return;
    const reason = `${Math.abs(leapMs) / 1000} s ${leapMs > 0 ? 'ahead' : 'back'}`;
    this.leaps.inc();
    logEvent('error', 'clock-leapt', { reason, leapMs, now: new Date(this.clock.now()) });
    this.audit.record('clock-leapt', { reason });
  }

  #difference(): number {
    return this.clock.now() - this.clock.monotonic();
  }
}
