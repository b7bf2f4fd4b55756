/** Every metric of the gateway, by the names that alert rules use (contract, section 6). */
import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import { VERSION } from '#libs/version';
import { declareCall } from '../link/call.js';

interface PoolLevel {
  readonly bytes: number;
  readonly capacity: number;
  readonly oldestAgeMs: number;
}

/** A metric with its values, as it goes from one process to another. */
export type MetricValues = MetricObjectWithValues<MetricValue<string>>;

/** Asks the head for the metrics of all its workers, in Prometheus' text format. */
export const METRICS_TEXT = declareCall<undefined, string>('metrics-text');

@Injectable()
export class GatewayMetrics {
  /** One registry for each gateway, so that several can live in one process. */
  readonly registry = new Registry();

  readonly packets = this.#counter('qrng_packets_total', 'Packets pushed, by outcome', [
    'collector',
    'result',
    'transport',
  ]);
  readonly packetsByKey = this.#counter(
    'qrng_packets_by_key_total',
    'Packets whose HMAC held, taken or not, by the id of the key',
    ['key_id'],
  );
  readonly missing = this.#counter('qrng_sequence_missing_total', 'Sequence numbers that never came', [
    'collector',
  ]);
  readonly lastPacket = this.#gauge(
    'qrng_collector_last_packet_timestamp_seconds',
    'When the last packet was accepted',
    ['collector'],
  );
  readonly collectorBuffer = this.#gauge(
    'qrng_collector_buffer_bytes',
    'Bytes that wait in the collector (its last heartbeat)',
    ['collector'],
  );
  readonly sourceUp = this.#gauge(
    'qrng_collector_source_up',
    'Whether a source of the collector is in use (its last heartbeat)',
    ['collector', 'source'],
  );
  readonly healthFailures = this.#counter(
    'qrng_collector_health_test_failures_total',
    'Failed health tests of a source (heartbeats)',
    ['collector', 'source', 'test'],
  );
  readonly sourceLatched = this.#gauge(
    'qrng_collector_source_latched',
    'Whether a source, or (mixed), stays out of use until an operator releases it (its last heartbeat)',
    ['collector', 'source'],
  );
  readonly quarantines = this.#counter(
    'qrng_collector_quarantines_total',
    'How often health tests put a source, or (mixed), out of use (heartbeats)',
    ['collector', 'source'],
  );
  readonly mixingUp = this.#gauge(
    'qrng_collector_mixing_up',
    'Whether enough sources are up and their mixture passes its tests (its last heartbeat)',
    ['collector'],
  );
  readonly collectorDelivered = this.#counter(
    'qrng_collector_delivered_bytes_total',
    'Entropy that a collector delivered, by its own count (heartbeats)',
    ['collector'],
  );
  readonly collectorDropped = this.#counter(
    'qrng_collector_dropped_bytes_total',
    'Entropy that a collector fetched and dropped, by reason (heartbeats)',
    ['collector', 'reason'],
  );
  readonly clockSteps = this.#counter(
    'qrng_collector_clock_steps_total',
    'How often the clock of a collector went back or leapt (heartbeats)',
    ['collector'],
  );
  readonly logLinesLost = this.#counter(
    'qrng_collector_log_lines_lost_total',
    'Lines of the log of a collector that were dropped because nobody read them (heartbeats)',
    ['collector'],
  );
  readonly collectorCertificateExpiry = this.#gauge(
    'qrng_collector_certificate_expiry_timestamp_seconds',
    'When the certificate of a source, or (push) that of the collector itself, expires (its last heartbeat)',
    ['collector', 'source'],
  );
  readonly telemetryMalformed = this.#counter(
    'qrng_telemetry_malformed_total',
    'Heartbeats whose MAC held and whose data is not telemetry',
    ['collector'],
  );
  readonly received = this.#counter('qrng_entropy_received_bytes_total', 'Entropy accepted into the pool');
  readonly served = this.#counter('qrng_entropy_served_bytes_total', 'Entropy taken for a client', [
    'client',
  ]);
  readonly discarded = this.#counter(
    'qrng_entropy_discarded_bytes_total',
    'Entropy that left the pool unserved',
    ['reason'],
  );
  readonly badEntropy = this.#counter(
    'qrng_bad_entropy_total',
    'Packets of a collector with bytes that failed the health tests of the gateway',
    ['collector'],
  );
  readonly entropyRefused = this.#gauge(
    'qrng_bad_entropy_refused',
    'Whether bytes of a collector are discarded or refused because of that (0 with QRNG_ON_BAD_ENTROPY=warn)',
    ['collector'],
  );
  readonly rateLimited = this.#counter(
    'qrng_rate_limited_total',
    'Requests refused by a rate limit or quota',
    ['client'],
  );
  readonly workersEnded = this.#counter(
    'qrng_workers_ended_total',
    'Workers (QRNG_WORKERS) that ended and were replaced',
  );
  readonly keyExpiry = this.#gauge('qrng_api_key_expiry_timestamp_seconds', 'When an API key expires', [
    'client',
  ]);
  readonly reloadSuccess = this.#gauge(
    'qrng_reload_success',
    'Whether the last reload was taken (1) or refused (0)',
    ['what'],
  );
  readonly reloadTimestamp = this.#gauge('qrng_reload_timestamp_seconds', 'When a reload was last taken', [
    'what',
  ]);
  readonly certificateExpiry = this.#gauge(
    'qrng_certificate_expiry_timestamp_seconds',
    'When a certificate or revocation list in use expires (none with QRNG_TLS=off)',
    ['what'],
  );
  readonly handshakes = this.#counter(
    'qrng_tls_handshakes_total',
    'TLS connections, by the group in which their keys were agreed',
    ['group'],
  );
  readonly clockLeaps = this.#counter(
    'qrng_clock_leaps_total',
    'How often the wall clock leapt against the monotonic one, by more than a second',
  );
  readonly authFailures = this.#counter('qrng_auth_failures_total', 'Requests without a valid API key');
  readonly connectionsRefused = this.#counter(
    'qrng_connections_refused_total',
    'Connections that ended before a request: a TLS handshake that failed, a PROXY header that is invalid',
    ['reason'],
  );
  readonly auditLeftOut = this.#counter(
    'qrng_audit_left_out_total',
    'Audit events beyond the rate or the queue, counted instead of written',
    ['event'],
  );
  readonly logLinesLeftOut = this.#counter(
    'qrng_log_lines_left_out_total',
    'Requests of strangers beyond the lines of the access log that one source may cause',
  );
  readonly requestDuration = new Histogram({
    name: 'qrng_http_request_duration_seconds',
    help: 'Duration of HTTP requests',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers: [this.registry],
  });

  #lookAtPool: () => void = () => undefined;

  constructor() {
    const build = this.#gauge('qrng_build_info', 'Always 1; its labels say what runs', ['version', 'node']);
    build.set({ version: VERSION, node: process.versions.node }, 1);
  }

  /**
   * All metrics in Prometheus' text format. The pool is looked at first, and once: that drops what has expired, and a look
   * between two counters would upset the balance.
   */
  text(): Promise<string> {
    this.#lookAtPool();
    return this.registry.metrics();
  }

  /**
   * The same as values, to be added to those of other processes.
   *
   * @param use gets prom-client's own objects, which go on counting: what it reads at once is of one moment.
   */
  async values<T>(use: (values: readonly MetricValues[]) => T | Promise<T>): Promise<T> {
    this.#lookAtPool();
    const values = await this.registry.getMetricsAsJSON();
    this.#lookAtPool();
    return use(values);
  }

  /** Takes the gauges of the pool from `level` at each scrape. */
  observePool(level: () => PoolLevel, fault: () => string | undefined): void {
    const pool = this.#gauge('qrng_pool_bytes', 'Entropy that can be served now');
    const capacityBytes = this.#gauge('qrng_pool_capacity_bytes', 'Size of the pool');
    const oldestAge = this.#gauge('qrng_pool_oldest_age_seconds', 'Age of the oldest byte');
    this.#lookAtPool = () => {
      const { bytes, capacity, oldestAgeMs } = level();
      pool.set(bytes);
      capacityBytes.set(capacity);
      oldestAge.set(oldestAgeMs / 1000);
    };
    this.#derived('qrng_replay_state_writable', 'Whether packets can be admitted now (1) or not (0)', () =>
      fault() === undefined ? 1 : 0,
    );
  }

  /** For how long packets are refused because of timestamps in the future, seconds. */
  observeBlocks(seconds: () => number): void {
    this.#derived(
      'qrng_replay_blocked_seconds',
      'For how long the replay state refuses packets because a clock was ahead (0: for no time)',
      seconds,
    );
  }

  /** Whether Redis can be used; exported only where one is configured. */
  observeRedis(isUp: () => boolean): void {
    this.#derived('qrng_redis_up', 'Whether Redis can be used (1) or not (0)', () => Number(isUp()));
  }

  /** The ledger of all gateways that share a pool, the same on each of them. */
  observeLedger(ledger: () => object): void {
    new Gauge({
      name: 'qrng_ledger_bytes',
      help: 'Entropy of all gateways that share the pool, by what became of it',
      labelNames: ['entry'],
      registers: [this.registry],
      collect() {
        for (const [entry, bytes] of Object.entries(ledger())) this.set({ entry }, Number(bytes));
      },
    });
  }

  observeConnections(rooms: () => Record<'strangers' | 'known', { places: number; held: number }>): void {
    const gauge = (name: string, help: string, value: 'places' | 'held'): void => {
      new Gauge({
        name,
        help,
        labelNames: ['room'],
        registers: [this.registry],
        collect() {
          const { strangers, known } = rooms();
          for (const [room, level] of Object.entries({ strangers, known })) this.set({ room }, level[value]);
        },
      });
    };
    gauge('qrng_connections', 'Connections, by whether the client has shown a key', 'places');
    gauge('qrng_connection_bytes', 'Memory that connections are charged for', 'held');
  }

  /** What the receipt log has, and whether it can be written; exported only where receipts are on. */
  observeReceipts(
    log: { readonly size: number; readonly publishedSize: number },
    fault: () => string | undefined,
  ): void {
    this.#derived('qrng_receipts', 'Entries of the receipt log', () => log.size);
    this.#derived(
      'qrng_receipts_published',
      'Entries that its latest checkpoint covers',
      () => log.publishedSize,
    );
    this.#derived('qrng_receipt_log_writable', 'Whether receipts can be given (1) or not (0)', () =>
      Number(fault() === undefined),
    );
  }

  observeAudit(fault: () => string | undefined): void {
    this.#derived('qrng_audit_writable', 'Whether the audit trail can be written (1) or not (0)', () =>
      fault() === undefined ? 1 : 0,
    );
  }

  #counter<T extends string>(name: string, help: string, labelNames: T[] = []): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge<T extends string>(name: string, help: string, labelNames: T[] = []): Gauge<T> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  #derived(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(value());
      },
    });
  }
}
