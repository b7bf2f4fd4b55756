/** The pool is healthy while it can take packets and is filled to 5 % or more of its capacity. */
import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import type { HealthIndicatorResult } from '@nestjs/terminus';
import { EntropyService } from '../pool/entropy.service.js';
import { readyBytes } from '../pool/pool.js';
import { blockText } from '../pool/replay-reports.js';

@Injectable()
export class PoolHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly entropy: EntropyService,
  ) {}

  check(): HealthIndicatorResult {
    const { bytes, capacity } = this.entropy.level();
    const indicator = this.indicators.check('pool');
    const details = { bytes, capacity, needed: readyBytes(capacity) };
    const fault = this.entropy.fault();
    if (fault !== undefined) return indicator.down({ ...details, fault });
    return this.entropy.isReady() ? indicator.up(details) : indicator.down(details);
  }

  /** Down while timestamps in the future keep packets out. */
  checkReplay(): HealthIndicatorResult {
    const indicator = this.indicators.check('replay');
    const [block] = this.entropy.blocks();
    return block === undefined ? indicator.up() : indicator.down({ fault: blockText(block) });
  }
}
