/** One /metrics of a head and its workers: what they count is added up, also what workers counted that are gone. */
import { AggregatorRegistry } from 'prom-client';
import type { MetricValues } from '../metrics/gateway-metrics.js';

/** Gauges that are added up; of the others the head's own is the one that counts. */
const SUMMED = [
  'qrng_connections',
  'qrng_connection_bytes',
  'process_resident_memory_bytes',
  'process_open_fds',
];

/** What becomes of the bytes of a lease. */
const USES = ['qrng_entropy_served_bytes_total', 'qrng_entropy_discarded_bytes_total'];

/** Prometheus' text of the head's metrics and those of its workers. */
export function mergedText(
  own: readonly MetricValues[],
  workers: readonly (readonly MetricValues[])[],
): Promise<string> {
  return merge([own, ...workers.map(additive)]).metrics();
}

/** Bytes that a worker had leased and has served or dropped. From the same counters as /metrics, so that its sums are right at every moment. */
export function usedOf(metrics: readonly MetricValues[]): number {
  return metrics
    .filter(({ name }) => USES.includes(name))
    .flatMap(({ values }) => values)
    .reduce((sum, { value }) => sum + value, 0);
}

/** What a worker that is gone adds forever. */
export function countsOf(metrics: readonly MetricValues[]): MetricValues[] {
  return metrics.filter((metric) => !isGauge(metric));
}

export function mergedCounts(counts: readonly (readonly MetricValues[])[]): Promise<MetricValues[]> {
  return merge(counts).getMetricsAsJSON();
}

function additive(metrics: readonly MetricValues[]): MetricValues[] {
  return metrics.filter((metric) => !isGauge(metric) || SUMMED.includes(metric.name));
}

function merge(all: readonly (readonly MetricValues[])[]): ReturnType<typeof AggregatorRegistry.aggregate> {
  const ruled = all.map((metrics) =>
    metrics.map((metric) => ({
      ...metric,
      aggregator: isGauge(metric) && !SUMMED.includes(metric.name) ? ('first' as const) : ('sum' as const),
    })),
  );
  return AggregatorRegistry.aggregate(ruled);
}

/** Whatever prom-client's types say, the type of a metric is its name in Prometheus' text. */
function isGauge({ type }: MetricValues): boolean {
  return String(type) === 'gauge';
}
