/** Tells operators about certificates: metric, log, audit trail. */
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/audit-trail.js';
import { logEvent } from '../log-events.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';

@Injectable()
export class CertificateReports {
  constructor(
    private readonly metrics: GatewayMetrics,
    private readonly audit: AuditTrail,
  ) {}

  /** The certificate in use expires at `expiresAt` (Unix ms). */
  expiry(expiresAt: number): void {
    this.metrics.certificateExpiry.set(expiresAt / 1000);
  }

  reloaded(expiresAt: number): void {
    this.expiry(expiresAt);
    const expires = new Date(expiresAt).toISOString();
    logEvent('log', 'certificate-reloaded', { expires });
    this.audit.record('certificate-reloaded', { reason: `expires ${expires}` });
  }
}
