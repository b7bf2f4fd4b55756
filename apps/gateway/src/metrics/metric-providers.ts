/** Each metric of GatewayMetrics under its own token, so that a class which needs one or two of them says `@InjectMetric(NAME)`. */
import type { FactoryProvider } from '@nestjs/common';
import { getToken } from '@willsoto/nestjs-prometheus';
import type { Metric } from 'prom-client';
import { GatewayMetrics } from './gateway-metrics.js';

/** The names of all metrics, from the one list of them: an instance that is thrown away. */
const NAMES = new GatewayMetrics().registry.getMetricsAsArray().map(({ name }) => name);

/** In the place of the package's `makeCounterProvider()` and the like: these would share one registry in the whole process. */
export const METRIC_PROVIDERS: FactoryProvider<Metric | undefined>[] = NAMES.map((name) => ({
  provide: getToken(name),
  inject: [GatewayMetrics],
  useFactory: ({ registry }: GatewayMetrics) => registry.getSingleMetric(name),
}));
