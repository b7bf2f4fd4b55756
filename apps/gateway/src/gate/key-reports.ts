/** Tells operators what became of the API keys: log, audit trail, and a metric for keys that expire. */
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/audit-trail.js';
import { logEvent } from '../log-events.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import type { ApiKeyTable } from './read-api-keys.js';

@Injectable()
export class KeyReports {
  constructor(
    private readonly metrics: GatewayMetrics,
    private readonly audit: AuditTrail,
  ) {}

  /** The keys that are known from now on. */
  read(table: ApiKeyTable): void {
    this.metrics.keyExpiry.reset();
    for (const { client, disabled, expires } of table.values()) {
      this.metrics.rateLimited.inc({ client: client.name }, 0);
      if (!disabled && expires !== Infinity) {
        this.metrics.keyExpiry.set({ client: client.name }, expires / 1000);
      }
    }
    if (table.size === 0) {
      logEvent('warn', 'no-keys');
    }
  }

  /** The keys were read again, and differ. */
  reloaded(table: ApiKeyTable): void {
    this.read(table);
    const reason = `${table.size} keys`;
    logEvent('log', 'keys-reloaded', { reason });
    this.audit.record('keys-reloaded', { reason });
  }
}
