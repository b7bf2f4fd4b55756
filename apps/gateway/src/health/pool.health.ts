/** The pool is healthy while it can take packets and is filled to 5 % or more of its capacity. */
import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import type { HealthIndicatorResult } from '@nestjs/terminus';
import { EntropyService } from '../pool/entropy.service.js';

/** The least fill of a gateway that is ready (contract, section 5). */
export const READY_FILL = 0.05;

@Injectable()
export class PoolHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly entropy: EntropyService,
  ) {}

  check(): HealthIndicatorResult {
    const { bytes, capacity } = this.entropy.level();
    const indicator = this.indicators.check('pool');
    const details = { bytes, capacity, needed: Math.ceil(capacity * READY_FILL) };
    const fault = this.entropy.fault();
    if (fault !== undefined) return indicator.down({ ...details, fault });
    return bytes >= details.needed ? indicator.up(details) : indicator.down(details);
  }
}
