/** The audit trail, for everything that has something to record. */
import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { Clock } from '../clock.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { GatewaySettings } from '../settings.js';
import { lockDirectory } from '#libs/settings';
import { AuditLog } from './audit-log.js';
import { HEAD } from '../link/head.js';
import type { Channel } from '../link/channel.js';
import { AuditTrail } from './audit-trail.js';
import { ForwardedTrail } from './forwarded-trail.js';

@Global()
@Module({
  providers: [
    {
      provide: AuditTrail,
      inject: [GatewaySettings, Clock, GatewayMetrics, HEAD],
      useFactory: openTrail,
    },
  ],
  exports: [AuditTrail],
})
export class AuditModule {}

/** @throws {SettingsError} when the directory cannot be had: a gateway without an audit trail does not start. */
async function openTrail(
  settings: GatewaySettings,
  clock: Clock,
  metrics: GatewayMetrics,
  head?: Channel,
): Promise<AuditTrail | ForwardedTrail> {
  const onLeftOut = (event: string): void => metrics.auditLeftOut.inc({ event });
  if (head !== undefined) return new ForwardedTrail(head, onLeftOut, clock);
  const { QRNG_AUDIT_DIR: given, QRNG_STATE_DIR: state } = settings;
  const directory = given ?? join(state, 'audit');
  const variable = given === undefined ? 'QRNG_STATE_DIR' : 'QRNG_AUDIT_DIR';
  const lock = lockDirectory(variable, directory, 'audit.lock');
  const options = {
    retentionDays: settings.QRNG_AUDIT_RETENTION_DAYS,
    onLeftOut,
  };
  const trail = new AuditTrail(await AuditLog.open(directory, lock), options, clock);
  metrics.observeAudit(() => trail.fault());
  return trail;
}
