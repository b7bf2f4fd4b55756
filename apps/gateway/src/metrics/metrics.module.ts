/** Prometheus: the registry, the gateway's metrics and those of its process. */
import { Global, Module } from '@nestjs/common';
import { collectDefaultMetrics } from 'prom-client';
import { GatewayMetrics } from './gateway-metrics.js';

@Global()
@Module({
  providers: [
    {
      provide: GatewayMetrics,
      useFactory: () => {
        const metrics = new GatewayMetrics();
        collectDefaultMetrics({ register: metrics.registry });
        return metrics;
      },
    },
  ],
  exports: [GatewayMetrics],
})
export class MetricsModule {}
