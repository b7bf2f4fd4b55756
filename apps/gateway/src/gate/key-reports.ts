/** Reports what became of the API keys: log, audit trail, and a metric for keys that expire. */
import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import { AuditTrail } from '../audit/audit-trail.js';
import { logEvent } from '../log-events.js';
import type { ApiKeyTable } from './read-api-keys.js';

@Injectable()
export class KeyReports {
  constructor(
    @InjectMetric('qrng_api_key_expiry_timestamp_seconds') private readonly expiry: Gauge<'client'>,
    @InjectMetric('qrng_rate_limited_total') private readonly limited: Counter<'client'>,
    private readonly audit: AuditTrail,
  ) {}

  /** The keys that are known from now on. */
  read(table: ApiKeyTable): void {
    this.expiry.reset();
    for (const { client, disabled, expires } of table.values()) {
      this.limited.inc({ client: client.name }, 0);
      if (!disabled && expires !== Infinity) {
        this.expiry.set({ client: client.name }, expires / 1000);
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
