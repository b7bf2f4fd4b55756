/** Reports certificates: metric, log, audit trail. */
import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';
import { AuditTrail } from '../audit/audit-trail.js';
import { logEvent } from '../log-events.js';

@Injectable()
export class CertificateReports {
  constructor(
    @InjectMetric('qrng_certificate_expiry_timestamp_seconds') private readonly expires: Gauge,
    private readonly audit: AuditTrail,
  ) {}

  /** The certificate in use expires at `expiresAt` (Unix ms). */
  expiry(expiresAt: number): void {
    this.expires.set(expiresAt / 1000);
  }

  reloaded(expiresAt: number): void {
    this.expiry(expiresAt);
    const expires = new Date(expiresAt).toISOString();
    logEvent('log', 'certificate-reloaded', { expires });
    this.audit.record('certificate-reloaded', { reason: `expires ${expires}` });
  }
}
