/** Prometheus: the registry, the gateway's metrics and those of its process. */
import { Global, Module } from '@nestjs/common';
import { collectDefaultMetrics } from 'prom-client';
import { GatewayMetrics } from './gateway-metrics.js';
import { Warnings } from './warnings.js';

@Global()
@Module({
  providers: [
    Warnings,
    {
      provide: GatewayMetrics,
      useFactory: () => {
        const metrics = new GatewayMetrics();
        collectDefaultMetrics({ register: metrics.registry });
        return metrics;
      },
    },
  ],
  exports: [Warnings, GatewayMetrics],
})
export class MetricsModule {}
