/** The audit trail is healthy while it can be written. */
import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import type { HealthIndicatorResult } from '@nestjs/terminus';
import { AuditTrail } from '../audit/audit-trail.js';

@Injectable()
export class AuditHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly trail: AuditTrail,
  ) {}

  check(): HealthIndicatorResult {
    const indicator = this.indicators.check('audit');
    const fault = this.trail.fault();
    return fault === undefined ? indicator.up() : indicator.down({ fault });
  }
}
