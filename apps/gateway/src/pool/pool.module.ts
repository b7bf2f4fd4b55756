/** The entropy pool: embedded in this process. */
import { Module } from '@nestjs/common';
import { Clock } from '../clock.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { GatewaySettings } from '../settings.js';
import { EmbeddedPool } from './embedded-pool.js';
import { EntropyService, POOL } from './entropy.service.js';
import type { Pool } from './pool.js';

@Module({
  providers: [
    EntropyService,
    {
      provide: POOL,
      inject: [GatewaySettings, Clock, GatewayMetrics],
      useFactory: (settings: GatewaySettings, clock: Clock, metrics: GatewayMetrics): Pool =>
        new EmbeddedPool(
          {
            capacity: settings.QRNG_BUFFER_SIZE,
            overflow: settings.QRNG_BUFFER_OVERFLOW_POLICY,
            ttlMs: settings.QRNG_BUFFER_TTL_SECS * 1000,
          },
          clock,
          (reason, bytes) => metrics.discarded.inc({ reason }, bytes),
        ),
    },
  ],
  exports: [EntropyService],
})
export class PoolModule {}
