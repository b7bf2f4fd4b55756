/** Degraded, not down, while something on disk cannot be reloaded: what was in use stays in use. */
import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import type { HealthIndicatorResult } from '@nestjs/terminus';
import { Reloads } from '../reload/reloads.js';

@Injectable()
export class ReloadHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly reloads: Reloads,
  ) {}

  /** Open to everybody, so it says what was refused and not why. */
  check(): HealthIndicatorResult {
    const indicator = this.indicators.check('reload');
    const refused = this.reloads.failures().map(({ what }) => what);
    return refused.length === 0 ? indicator.up() : indicator.degraded({ refused });
  }
}
