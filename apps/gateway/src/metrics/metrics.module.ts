/** Prometheus: the registry, the gateway's metrics, together and each under its token, and those of its process. */
import { Global, Module } from '@nestjs/common';
import { collectDefaultMetrics } from 'prom-client';
import { GatewayMetrics } from './gateway-metrics.js';
import { METRIC_PROVIDERS } from './metric-providers.js';
import { Warnings } from './warnings.js';

/** At the default of 10 ms an idle gateway wakes a hundred times a second for this alone. */
const LOOK_AT_LOOP_EVERY_MS = 1000;

@Global()
@Module({
  providers: [
    Warnings,
    {
      provide: GatewayMetrics,
      useFactory: () => {
        const metrics = new GatewayMetrics();
        const eventLoopMonitoringPrecision = LOOK_AT_LOOP_EVERY_MS;
        collectDefaultMetrics({ register: metrics.registry, eventLoopMonitoringPrecision });
        return metrics;
      },
    },
    ...METRIC_PROVIDERS,
  ],
  exports: [Warnings, GatewayMetrics, ...METRIC_PROVIDERS.map(({ provide }) => provide)],
})
export class MetricsModule {}
