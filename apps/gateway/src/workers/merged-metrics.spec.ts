import { expect, test } from '@jest/globals';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { MetricValues } from '../metrics/gateway-metrics.js';
import { countsOf, mergedCounts, mergedText, usedOf } from './merged-metrics.js';

/** The metrics of a process, as values that have crossed a pipe. */
async function metricsOf(requests: number, seconds: number, connections: number): Promise<MetricValues[]> {
  const registers = [new Registry()];
  const counter = new Counter({ name: 'served', help: 'h', labelNames: ['client'], registers });
  counter.inc({ client: 'a' }, requests);
  const histogram = new Histogram({ name: 'duration', help: 'h', buckets: [1, 2], registers });
  histogram.observe(seconds);
  new Gauge({ name: 'qrng_connections', help: 'h', registers }).set(connections);
  new Gauge({ name: 'qrng_pool_bytes', help: 'h', registers }).set(connections * 1000);
  return structuredClone((await registers[0]?.getMetricsAsJSON()) ?? []);
}

test('counters, histograms and some gauges are added up; of other gauges the one of the head counts', async () => {
  const [head, one, two] = [await metricsOf(0, 3, 0), await metricsOf(5, 0.5, 3), await metricsOf(7, 1.5, 4)];
  const gone = await mergedCounts([
    countsOf(await metricsOf(100, 0.5, 9)),
    countsOf(await metricsOf(1000, 3, 9)),
  ]);
  const lines = (await mergedText(head, [one, two, gone])).split('\n');
  expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
    'served{client="a"} 1112',
    'duration_bucket{le="1"} 2',
    'duration_bucket{le="2"} 3',
    'duration_bucket{le="+Inf"} 5',
    'duration_sum 8.5',
    'duration_count 5',
    'qrng_connections 7',
    'qrng_pool_bytes 0',
  ]);
});

test('what a worker has used of its leases is what it counts as served and discarded, of all clients and for all reasons', async () => {
  const registers = [new Registry()];
  const served = new Counter({
    ...{ name: 'qrng_entropy_served_bytes_total', help: 'h', labelNames: ['client'], registers },
  });
  const discarded = new Counter({
    ...{ name: 'qrng_entropy_discarded_bytes_total', help: 'h', labelNames: ['reason'], registers },
  });
  new Counter({ name: 'qrng_entropy_received_bytes_total', help: 'h', registers }).inc(1e6);
  served.inc({ client: 'a' }, 100);
  served.inc({ client: 'b' }, 20);
  discarded.inc({ reason: 'expired' }, 3);
  expect(usedOf((await registers[0]?.getMetricsAsJSON()) ?? [])).toBe(123);
  expect(usedOf([])).toBe(0);
});
