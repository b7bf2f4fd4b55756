/** The pool is healthy while it can take packets and is filled to 5 % or more of its capacity; ready also while leases last. */
import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import type { HealthIndicatorResult } from '@nestjs/terminus';
import { EntropyService } from '../pool/entropy.service.js';
import { readyBytes } from '../pool/pool.js';
import { blockText } from '../pool/replay/replay-reports.js';

@Injectable()
export class PoolHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly entropy: EntropyService,
  ) {}

  /** Up while requests can be served. */
  checkReady(): HealthIndicatorResult {
    return this.#report(this.entropy.isReady());
  }

  /** Up while all is well: also packets can be taken. */
  check(): HealthIndicatorResult {
    return this.#report(this.entropy.isReady() && this.entropy.fault() === undefined);
  }

  /** Down while timestamps in the future keep packets out. */
  checkReplay(): HealthIndicatorResult {
    const indicator = this.indicators.check('replay');
    const [block] = this.entropy.blocks();
    return block === undefined ? indicator.up() : indicator.down({ fault: blockText(block) });
  }

  #report(isUp: boolean): HealthIndicatorResult {
    const { bytes, capacity } = this.entropy.level();
    const fault = this.entropy.fault();
    const details = {
      ...{ bytes, capacity, needed: readyBytes(capacity) },
      ...(fault === undefined ? {} : { fault }),
    };
    const indicator = this.indicators.check('pool');
    return isUp ? indicator.up(details) : indicator.down(details);
  }
}
