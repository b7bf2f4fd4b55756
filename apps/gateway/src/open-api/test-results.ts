/** The health tests in the terms of the QRNG Open API: what collectors test all the time, and statistics of what came. */
import type { Telemetry } from '#libs/crypto';
import { HEALTH_TESTS } from '#libs/entropy';
import type { Statistics } from '#libs/entropy';
import type { TestResultDto } from './health-test.dto.js';

/** Names in the style of the industry, where it has one; all others are those of collectors and of /api/quality. */
const NAMES: Readonly<Record<string, string>> = {
  rct: 'nist_90b_rct',
  apt: 'nist_90b_apt',
  chi_square: 'chi_square_8192',
};
const STATISTICS = {
  ones: 'share_of_ones',
  chiSquare: 'chi_square',
  serialCorrelation: 'serial_correlation',
  monteCarloPi: 'monte_carlo_pi',
  minEntropy: 'nist_90b_mcv',
} as const satisfies Record<keyof Statistics, string>;

export const TEST_TYPES: readonly string[] = [...HEALTH_TESTS.map(testType), ...Object.values(STATISTICS)];

export interface JudgedResult {
  readonly result: TestResultDto;
  /** In words. */
  readonly verdict: string;
}

/** What a collector last said of itself, and when that came, Unix milliseconds. */
export interface Heartbeat {
  readonly telemetry: Telemetry;
  readonly telemetryAt: number;
}

/** The share of sources that have passed each test since their collector started; nothing while no source is known. */
export function sourceResults(heartbeats: readonly Heartbeat[]): JudgedResult[] {
  const sources = heartbeats.flatMap(({ telemetry }) => telemetry.sources);
  if (sources.length === 0) return [];
  const time_stamp = timestamp(Math.max(...heartbeats.map(({ telemetryAt }) => telemetryAt)));
  return HEALTH_TESTS.map((test) => {
    const failed = sources.filter(({ healthFailures }) => (healthFailures[test] ?? 0) > 0).length;
    const test_result = (sources.length - failed) / sources.length;
    return {
      result: { test_type: testType(test), test_result, time_stamp },
      verdict: failed === 0 ? 'no source failed' : `${failed} of ${sources.length} sources failed`,
    };
  });
}

/** The statistics of the bytes that came lately, as of `now` in Unix milliseconds. */
export function statisticResults(statistics: Statistics | undefined, now: number): JudgedResult[] {
  if (statistics === undefined) return [];
  const names = Object.keys(STATISTICS) as (keyof Statistics)[];
  return names.map((name) => ({
    result: { test_type: STATISTICS[name], test_result: statistics[name].value, time_stamp: timestamp(now) },
    verdict: statistics[name].verdict,
  }));
}

/** RFC 3339 to the second. */
export function timestamp(unixMs: number): string {
  return `${new Date(unixMs).toISOString().slice(0, 19)}Z`;
}

function testType(test: string): string {
  return NAMES[test] ?? test;
}
