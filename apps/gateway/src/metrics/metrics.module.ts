/** Prometheus: the registry, the process's own metrics, and the route. */
import { Global, Module } from '@nestjs/common';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { collectDefaultMetrics } from 'prom-client';
import { GatewayMetrics } from './gateway-metrics.js';
import { MetricsController } from '../scrape/metrics.controller.js';

@Global()
@Module({
  imports: [PrometheusModule.register({ controller: MetricsController, defaultMetrics: { enabled: false } })],
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
