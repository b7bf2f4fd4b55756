/** Every counter that an alert rule reads is there at 0 before its first event: Prometheus sees no increase in one that begins at 1. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LOSS_REASONS } from '#libs/crypto';
import { HEALTH_TESTS } from '#libs/entropy';
import { TestKeys } from '../support/api-keys.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';

const keys = new TestKeys({ backup: {}, web: {} });
let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startGateway({ QRNG_API_KEYS_FILE: keys.path, QRNG_API_KEY: undefined });
});
afterEach(() => gateway.close());

const packets = (collector: string, result: string): string =>
  `qrng_packets_total{collector="${collector}",result="${result}",transport="https"}`;
const UNVERIFIED = ['malformed', 'crc', 'client_cert', 'hmac', 'unready'].map((result) =>
  packets('unverified', result),
);
const AT_START = [
  'qrng_auth_failures_total',
  'qrng_clock_leaps_total',
  ...['backup', 'web', '(unauthenticated)'].map((client) => `qrng_rate_limited_total{client="${client}"}`),
  ...UNVERIFIED,
];
const OF_A_COLLECTOR = [
  ...['replay', 'conflict', 'stale', 'future', 'full', 'unready'].map((result) =>
    packets('collector-1', result),
  ),
  'qrng_sequence_missing_total{collector="collector-1"}',
  'qrng_collector_clock_steps_total{collector="collector-1"}',
  'qrng_bad_entropy_total{collector="collector-1"}',
  'qrng_collector_log_lines_lost_total{collector="collector-1"}',
  ...LOSS_REASONS.map(
    (reason) => `qrng_collector_dropped_bytes_total{collector="collector-1",reason="${reason}"}`,
  ),
];
const OF_A_SOURCE = HEALTH_TESTS.map(
  (name) =>
    `qrng_collector_health_test_failures_total{collector="collector-1",source="lab-qrng",test="${name}"}`,
);

async function expectZeros(series: readonly string[]): Promise<void> {
  const { text } = await gateway.request('/metrics');
  const lines = text.split('\n');
  expect(series.filter((one) => !lines.includes(`${one} 0`))).toEqual([]);
}

test('those of nobody and of each client from the start, those of a key once it is read', async () => {
  await expectZeros(AT_START);
});

test('those of a collector once it is heard of, those of a source once it is named', async () => {
  const source = { name: 'lab-qrng', up: true, state: 'up', bytes: 10, healthFailures: {} };
  const { collector } = gateway;
  await gateway.push(collector.heartbeat({ sources: [source] }));
  await expectZeros([...OF_A_COLLECTOR, ...OF_A_SOURCE]);
});

test('those of a collector that is known from an earlier run from the start, as its first packet may be that of a clone', async () => {
  await gateway.push(gateway.collector.seal(randomBytes(8)));
  const { env } = gateway;
  await gateway.close();
  gateway = await startGateway(env);
  await expectZeros(OF_A_COLLECTOR);
});

test('and these are all that the rules read', () => {
  const rules = readFileSync('deploy/monitoring/alerts.yaml', 'utf8');
  const read = [...rules.matchAll(/(qrng_\w+_total)(?:\{result=~?"([^"]+)"[^}]*\})?/g)].flatMap(
    ([, name = '', results]) => results?.split('|').map((result) => `${name} ${result}`) ?? [name],
  );
  const tested = [...AT_START, ...OF_A_COLLECTOR, ...OF_A_SOURCE].flatMap((series) => {
    const [name = ''] = series.split('{', 1);
    const result = /result="(\w+)"/.exec(series)?.[1];
    return result === undefined ? [name] : [`${name} ${result}`];
  });
  // What is lost is compared with what was accepted; a first accepted packet is no alarm.
  const compared = 'qrng_packets_total accepted';
  expect(read.filter((one) => one !== compared && !tested.includes(one))).toEqual([]);
});
