/** Tells operators which HMAC keys are valid and which of them is still in use: metric, log, audit trail. */
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/audit-trail.js';
import { logEvent } from '../log-events.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';

@Injectable()
export class HmacKeyReports {
  #valid: readonly string[] = [];

  constructor(
    private readonly metrics: GatewayMetrics,
    private readonly audit: AuditTrail,
  ) {}

  /** A series for each valid key and no other, from 0 on, so that "no longer used" can be told from "never seen". */
  valid(keyIds: readonly string[]): void {
    for (const key_id of this.#valid) {
      if (!keyIds.includes(key_id)) this.metrics.packetsByKey.remove({ key_id });
    }
    this.#valid = keyIds;
    for (const key_id of keyIds) this.metrics.packetsByKey.inc({ key_id }, 0);
  }

  reloaded(keyIds: readonly string[]): void {
    this.valid(keyIds);
    logEvent('log', 'hmac-keys-reloaded', { keyIds });
    this.audit.record('hmac-keys-reloaded', { reason: `key ids ${keyIds.join(' ')}` });
  }
}
