/** Degraded, not down, while something on disk cannot be reloaded, or a certificate in use has come to its end. */
import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import type { HealthIndicatorResult } from '@nestjs/terminus';
import { Reloads } from '../reload/reloads.js';
import { CertificateReports } from '../tls/certificate-reports.js';

@Injectable()
export class ReloadHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly reloads: Reloads,
    private readonly certificates: CertificateReports,
  ) {}

  /** Open to everybody, so it says what was refused and not why. */
  check(): HealthIndicatorResult {
    const indicator = this.indicators.check('reload');
    const refused = this.reloads.failures().map(({ what }) => what);
    const { waiting } = this.reloads;
    if (refused.length > 0) return indicator.degraded({ refused });
    return waiting.length > 0 ? indicator.up({ waitingForRestart: waiting }) : indicator.up();
  }

  /** Degraded while something that is in use has expired or cannot work, also since it was read. */
  checkCertificates(): HealthIndicatorResult {
    const indicator = this.indicators.check('certificates');
    const unusable = this.certificates.unusable();
    return unusable.length === 0 ? indicator.up() : indicator.degraded({ unusable });
  }
}
