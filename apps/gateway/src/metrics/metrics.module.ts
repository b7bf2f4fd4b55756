/** Prometheus: the registry, the gateway's metrics, together and each under its token, and those of its process. */
import { Global, Module } from '@nestjs/common';
import { collectDefaultMetrics } from 'prom-client';
import { GatewayMetrics } from './gateway-metrics.js';
import { METRIC_PROVIDERS } from './metric-providers.js';
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
    ...METRIC_PROVIDERS,
  ],
  exports: [Warnings, GatewayMetrics, ...METRIC_PROVIDERS.map(({ provide }) => provide)],
})
export class MetricsModule {}
