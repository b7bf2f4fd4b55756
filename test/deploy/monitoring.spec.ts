/** Alert rules, routes and dashboard: every alert fires at its threshold, and every metric is one that exists. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { describeWith, run } from '../support/programs.js';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly team: string; readonly severity: string };
  readonly annotations: { readonly runbook_url?: string };
}

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const folder = mkdtempSync(join(tmpdir(), 'qrng-alerts-'));
afterAll(() => rmSync(folder, { recursive: true }));

const read = (name: string): string => readFileSync(`deploy/monitoring/${name}`, 'utf8');
const { groups } = parse(read('alerts.yaml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const { panels } = JSON.parse(read('grafana-dashboard.json')) as { panels: Panel[] };

/** What the gateway exports. */
const METRICS = new Set([
  'qrng_api_key_expiry_timestamp_seconds',
  'qrng_audit_writable',
  'qrng_auth_failures_total',
  'qrng_bad_entropy_refused',
  'qrng_bad_entropy_total',
  'qrng_certificate_expiry_timestamp_seconds',
  'qrng_clock_leaps_total',
  'qrng_collector_buffer_bytes',
  'qrng_collector_certificate_expiry_timestamp_seconds',
  'qrng_collector_clock_steps_total',
  'qrng_collector_dropped_bytes_total',
  'qrng_collector_health_test_failures_total',
  'qrng_collector_last_packet_timestamp_seconds',
  'qrng_collector_log_lines_lost_total',
  'qrng_collector_mixing_up',
  'qrng_collector_source_latched',
  'qrng_collector_source_up',
  'qrng_connections',
  'qrng_connections_refused_total',
  'qrng_entropy_discarded_bytes_total',
  'qrng_entropy_received_bytes_total',
  'qrng_entropy_served_bytes_total',
  'qrng_http_request_duration_seconds_bucket',
  'qrng_http_request_duration_seconds_count',
  'qrng_ledger_bytes',
  'qrng_packets_by_key_total',
  'qrng_packets_total',
  'qrng_pool_bytes',
  'qrng_pool_capacity_bytes',
  'qrng_pool_oldest_age_seconds',
  'qrng_rate_limited_total',
  'qrng_receipt_log_writable',
  'qrng_receipts',
  'qrng_redis_up',
  'qrng_reload_success',
  'qrng_replay_blocked_seconds',
  'qrng_replay_state_writable',
  'qrng_sequence_missing_total',
]);

const unknownMetrics = (text: string): string[] =>
  [...text.matchAll(/\bqrng_\w+/g)].map(([name]) => name).filter((name) => !METRICS.has(name));

describe('alerts.yaml', () => {
  test.each(rules.map((rule) => [rule.alert, rule] as const))('%s asks for metrics that exist', (_, rule) => {
    expect(unknownMetrics(rule.expr)).toEqual([]);
  });

  test.each(rules.map(({ alert }) => alert))('%s is tested, both firing and not', (alert) => {
    const { tests } = parse(read('alerts.test.yaml')) as {
      tests: { promql_expr_test: { expr: string; exp_samples: unknown[] }[] }[];
    };
    const samples = tests
      .flatMap((one) => one.promql_expr_test)
      .filter(({ expr }) => expr.includes(`alertname="${alert}"`))
      .map(({ exp_samples: expected }) => expected.length);
    expect(new Set(samples)).toEqual(new Set([0, 1]));
  });

  test.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s links to its section in docs/operations.md',
    (alert, rule) => {
      const [file, section] = (rule.annotations.runbook_url ?? '').split('#');
      expect(file).toBe('file:///opt/qrng-dd/docs/operations.md');
      expect(section).toBe(alert.toLowerCase());
      expect(readFileSync('docs/operations.md', 'utf8')).toContain(`\n### ${alert}\n`);
    },
  );

  test('is what the Prometheus operator gets, too', () => {
    const rule = parse(readFileSync('deploy/kubernetes/alerts.yaml', 'utf8')) as { spec: unknown };
    expect(rule.spec).toEqual({ groups });
  });
});

test('every alert belongs to a team that has a route', () => {
  const teams = rules.map(({ labels }) => labels.team);
  expect(new Set(teams)).toEqual(new Set(['security', 'operations']));
});

describe('the dashboard', () => {
  test('asks for metrics that exist', () => {
    for (const { targets } of panels) {
      for (const { expr } of targets ?? []) expect(unknownMetrics(expr)).toEqual([]);
    }
  });

  test('has a row for each thing an operator asks about', () => {
    const rows = panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    expect(rows).toEqual([
      'Pool',
      'Feed',
      'Sources',
      'Latency',
      'Clients',
      'Refusals',
      'Receipts',
      'Carriers',
      'Errors',
      'Redis',
      'Process',
    ]);
  });
});

describeWith(['promtool'], 'promtool', () => {
  test('finds every alert firing at its threshold and not below', () => {
    const { status, output } = run('promtool', 'test', 'rules', 'deploy/monitoring/alerts.test.yaml');
    expect(output).toContain('SUCCESS');
    expect(status).toBe(0);
  });

  test('accepts the rules and the configuration', () => {
    expect(run('promtool', 'check', 'rules', 'deploy/monitoring/alerts.yaml').status).toBe(0);
    const config = 'deploy/monitoring/prometheus.yaml';
    expect(run('promtool', 'check', 'config', '--syntax-only', config).status).toBe(0);
  });

  test('parses every query of the dashboard', () => {
    const exprs = panels.flatMap(({ targets }) => targets ?? []).map(({ expr }) => expr);
    const recorded = exprs.map((expr, index) => ({ record: `panel:${index}`, expr }));
    const file = join(folder, 'panels.yaml');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules: recorded }] })); // JSON is YAML
    expect(run('promtool', 'check', 'rules', file).output).toContain('SUCCESS');
  });
});

describeWith(['amtool'], 'amtool', () => {
  const config = '--config.file=deploy/monitoring/alertmanager.yaml';

  test('accepts the configuration', () => {
    expect(run('amtool', 'check-config', 'deploy/monitoring/alertmanager.yaml').status).toBe(0);
  });

  test.each(['security', 'operations'])('sends the alerts of %s there', (team) => {
    const { output } = run('amtool', 'config', 'routes', 'test', config, 'alertname=QrngX', `team=${team}`);
    expect(output.split('\n')).toContain(team);
  });
});
