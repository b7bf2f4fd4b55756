/** Tells operators about certificates: metric, log, audit trail. */
import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { AuditTrail } from '../audit/audit-trail.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';

@Injectable()
export class CertificateReports {
  constructor(
    private readonly metrics: GatewayMetrics,
    private readonly audit: AuditTrail,
    private readonly logger: PinoLogger,
  ) {
    logger.setContext('Certificates');
  }

  /** The certificate in use expires at `expiresAt` (Unix ms). */
  expiry(expiresAt: number): void {
    this.metrics.certificateExpiry.set(expiresAt / 1000);
  }

  reloaded(expiresAt: number): void {
    this.expiry(expiresAt);
    const expires = new Date(expiresAt).toISOString();
    this.logger.info({ event: 'certificate-reloaded', expires }, 'new connections use the new certificate');
    this.audit.record('certificate-reloaded', { reason: `expires ${expires}` });
  }

  refused(reason: string): void {
    this.logger.error({ event: 'certificate-refused', reason }, 'the certificate in use stays');
    this.audit.record('certificate-refused', { reason });
  }
}
