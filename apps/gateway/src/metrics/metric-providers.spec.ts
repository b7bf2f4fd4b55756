import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import { expect, test } from '@jest/globals';
import type { Counter, Histogram } from 'prom-client';
import { GatewayMetrics } from './gateway-metrics.js';
import { MetricsModule } from './metrics.module.js';

@Injectable()
class Reader {
  constructor(
    @InjectMetric('qrng_auth_failures_total') readonly failures: Counter,
    @InjectMetric('qrng_http_request_duration_seconds') readonly duration: Histogram,
  ) {}
}

test('a metric is found under its token, and is that of its own gateway', async () => {
  const make = () => Test.createTestingModule({ imports: [MetricsModule], providers: [Reader] }).compile();
  const [one, two] = [await make(), await make()];
  for (const gateway of [one, two]) {
    const { failures, duration } = gateway.get(Reader);
    const metrics = gateway.get(GatewayMetrics);
    expect(failures).toBe(metrics.authFailures);
    expect(duration).toBe(metrics.requestDuration);
  }
  expect(one.get(Reader).failures).not.toBe(two.get(Reader).failures);
});
