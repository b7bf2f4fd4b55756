import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Telemetry } from '#libs/crypto';
import { CollectorRegistry } from '../../apps/gateway/src/collectors/collector-registry.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startGateway();
});
afterEach(() => gateway.close());

function telemetry(failures: number, names = ['lab-qrng']): Telemetry {
  const sources = names.map((name) => ({
    name,
    up: failures === 0,
    state: 'up',
    bytes: 10,
    healthFailures: { 'repetition-count': failures },
  }));
  return { version: '1.0.0', uptimeMs: 1, bufferBytes: 77, bufferCapacity: 100, dropped: {}, sources };
}

const FAILURES =
  'qrng_collector_health_test_failures_total{collector="collector-1",source="lab-qrng",test="repetition-count"}';

describe('a heartbeat', () => {
  test('shows its collector in metrics and in the registry', async () => {
    expect((await gateway.push(gateway.collector.heartbeat(telemetry(0)))).status).toBe(204);
    const up = 'qrng_collector_source_up{collector="collector-1",source="lab-qrng"}';
    expect(await gateway.metric(up)).toBe(1);
    expect(await gateway.metric('qrng_collector_buffer_bytes{collector="collector-1"}')).toBe(77);
    expect(gateway.app.get(CollectorRegistry).collectors()).toMatchObject([
      { collector: 'collector-1', sequence: 1n, packets: 1, bytes: 0, telemetry: { bufferBytes: 77 } },
    ]);
    await gateway.push(gateway.collector.heartbeat(telemetry(0, ['other'])));
    expect(await gateway.metric(up)).toBeUndefined();
  });

  test('adds health failures over restarts of the collector, which counts from 0 again', async () => {
    const { collector } = gateway;
    for (const failures of [2, 5]) await gateway.push(collector.heartbeat(telemetry(failures)));
    collector.restart();
    await gateway.push(collector.heartbeat(telemetry(1)));
    expect(await gateway.metric(FAILURES)).toBe(6);
  });

  test('shows what a collector counts, what is latched, whether it mixes, and when certificates expire', async () => {
    const reported: Telemetry = {
      ...telemetry(0),
      ...{ startedAt: 1, deliveredBytes: 500, clockSteps: 1, logLinesLost: 7, dropped: { expired: 40 } },
      pushCertificateExpiresAt: 1_900_000_000_000,
      sources: [
        { name: 'lab', up: false, state: 'persistent', bytes: 1, healthFailures: {}, quarantines: 10 },
        {
          ...{ name: 'roof', up: true, state: 'up', bytes: 1, healthFailures: {}, quarantines: 1 },
          certificateExpiresAt: 1_800_000_000_000,
        },
      ],
      mixing: {
        ...{ up: false, state: 'up', sourcesUp: 1, minimum: 2, quarantines: 2 },
        healthFailures: { correlation: 3 },
      },
    };
    await gateway.push(gateway.collector.heartbeat(reported));
    const expected = {
      'delivered_bytes_total{collector="collector-1"}': 500,
      'dropped_bytes_total{collector="collector-1",reason="expired"}': 40,
      'clock_steps_total{collector="collector-1"}': 1,
      'log_lines_lost_total{collector="collector-1"}': 7,
      'quarantines_total{collector="collector-1",source="lab"}': 10,
      'quarantines_total{collector="collector-1",source="(mixed)"}': 2,
      'health_test_failures_total{collector="collector-1",source="(mixed)",test="correlation"}': 3,
      'source_latched{collector="collector-1",source="lab"}': 1,
      'source_latched{collector="collector-1",source="roof"}': 0,
      'source_latched{collector="collector-1",source="(mixed)"}': 0,
      'mixing_up{collector="collector-1"}': 0,
      'certificate_expiry_timestamp_seconds{collector="collector-1",source="(push)"}': 1_900_000_000,
      'certificate_expiry_timestamp_seconds{collector="collector-1",source="roof"}': 1_800_000_000,
      'certificate_expiry_timestamp_seconds{collector="collector-1",source="lab"}': undefined,
    };
    for (const [series, value] of Object.entries(expected)) {
      expect([series, await gateway.metric(`qrng_collector_${series}`)]).toEqual([series, value]);
    }
    // Another run of the same process goes on counting, another process begins at 0.
    gateway.collector.restart();
    await gateway.push(gateway.collector.heartbeat({ ...reported, clockSteps: 2 }));
    gateway.collector.restart();
    const alone = { ...telemetry(0), deliveredBytes: 500, clockSteps: 1 };
    await gateway.push(gateway.collector.heartbeat({ ...alone, startedAt: 2 }));
    expect(await gateway.metric('qrng_collector_clock_steps_total{collector="collector-1"}')).toBe(3);
    expect(await gateway.metric('qrng_collector_delivered_bytes_total{collector="collector-1"}')).toBe(1000);
    expect(await gateway.metric('qrng_collector_mixing_up{collector="collector-1"}')).toBeUndefined();
  });

  test('that is no telemetry is taken and counted, since its MAC held', async () => {
    expect((await gateway.push(gateway.collector.heartbeat(Buffer.from('{')))).status).toBe(204);
    expect(await gateway.metric('qrng_telemetry_malformed_total{collector="collector-1"}')).toBe(1);
  });

  test('that is empty is a sign of life, and nothing is wrong with it', async () => {
    expect((await gateway.push(gateway.collector.heartbeat(Buffer.alloc(0)))).status).toBe(204);
    expect(await gateway.metric('qrng_telemetry_malformed_total{collector="collector-1"}')).toBeUndefined();
    expect(gateway.app.get(CollectorRegistry).collectors()).toMatchObject([{ sequence: 1n, packets: 1 }]);
  });

  test('uses a sequence number, so a copy of it is a replay', async () => {
    const packet = gateway.collector.heartbeat(telemetry(0));
    expect((await gateway.push(packet)).status).toBe(204);
    expect((await gateway.push(packet)).status).toBe(409);
  });

  test('cannot make series without end by naming new sources', async () => {
    for (let round = 0; round < 40; round++) {
      const names = Array.from({ length: 16 }, (_, index) => `s${round}-${index}`);
      await gateway.push(gateway.collector.heartbeat(telemetry(1, names)));
    }
    const { text } = await gateway.get('/metrics');
    const series = /^qrng_collector_(health_test_failures|quarantines)_total\{/gm;
    expect(text.match(series)).toHaveLength(272);
    expect(text.match(/^qrng_collector_source_up\{/gm)).toHaveLength(16);
  });

  test('a gap is counted, and a leap to the end of u64 leaves a counter that still counts', async () => {
    const { collector } = gateway;
    await gateway.push(collector.heartbeat(telemetry(0), { sequence: 4n }));
    const missing = 'qrng_sequence_missing_total{collector="collector-1"}';
    expect(await gateway.metric(missing)).toBe(3);
    await gateway.push(collector.heartbeat(telemetry(0), { sequence: 2n ** 64n - 1n }));
    expect(await gateway.metric(missing)).toBe(3 + 2 ** 32);
  });
});
