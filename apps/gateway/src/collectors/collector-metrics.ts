/** The metrics of collectors. Their labels come from packets whose MAC held, and are bounded in number. */
import { Injectable } from '@nestjs/common';
import { LOSS_REASONS, MAX_SOURCES } from '#libs/crypto';
import type { SourceTelemetry, Telemetry } from '#libs/crypto';
import { HEALTH_TESTS } from '#libs/entropy';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { GatewaySettings, transportsOf } from '../settings.js';
import { getOrMake } from '../maps.js';
import { ReportedCounters } from './reported-counters.js';

/** The most sources, and (source, test) pairs, of one collector that have a series. */
const MAX_SERIES = (MAX_SOURCES + 1) * 16;
/** The state of a source that only an operator's release ends. */
export const LATCHED = 'persistent';
/** A gap counts as this at most: a leap to 2^64 would leave a counter that no later gap can move. */
const MAX_GAP = 2 ** 32;

/** What can become of a packet before its MAC held, and after. */
const RESULTS = {
  unverified: ['malformed', 'crc', 'client_cert', 'hmac', 'unready'],
  verified: ['accepted', 'stale', 'future', 'replay', 'conflict', 'full', 'unready'],
};

/** Labels in the place of a source's name, which has no parentheses. */
const MIXED = '(mixed)';
const PUSH = '(push)';

interface Reported {
  sources: readonly string[];
  readonly counters: ReportedCounters;
  /** Names of sources, or of one and a test, that have series. */
  readonly series: Set<string>;
}

@Injectable()
export class CollectorMetrics {
  readonly #reported = new Map<string, Reported>();
  readonly #transports: readonly string[];

  constructor(
    private readonly metrics: GatewayMetrics,
    settings: GatewaySettings,
  ) {
    this.#transports = transportsOf(settings);
    this.#begin('unverified', RESULTS.unverified);
  }

  /** A collector that was not known before: its counters begin at 0, and so alerts see the first event of each. */
  known(collector: string): void {
    this.#begin(collector, RESULTS.verified);
    for (const counter of [this.metrics.missing, this.metrics.clockSteps, this.metrics.logLinesLost]) {
      counter.inc({ collector }, 0);
    }
    this.metrics.collectorDelivered.inc({ collector }, 0);
    this.metrics.badEntropy.inc({ collector }, 0);
    for (const reason of LOSS_REASONS) this.metrics.collectorDropped.inc({ collector, reason }, 0);
  }

  packet(collector: string, missing: bigint, now: number): void {
    const gap = missing > BigInt(MAX_GAP) ? MAX_GAP : Number(missing);
    this.metrics.missing.inc({ collector }, gap);
    this.metrics.lastPacket.set({ collector }, now / 1000);
  }

  malformed(collector: string): void {
    this.metrics.telemetryMalformed.inc({ collector });
  }

  telemetry(collector: string, boot: bigint, telemetry: Telemetry): void {
    const reported = this.#reportedBy(collector);
    reported.counters.from(telemetry.startedAt ?? Number(boot));
    this.metrics.collectorBuffer.set({ collector }, telemetry.bufferBytes);
    this.#count(collector, telemetry, reported.counters);
    this.#replaceSources(collector, telemetry, reported);
    for (const source of telemetry.sources) this.#countFailures(collector, source.name, source, reported);
    if (telemetry.mixing !== undefined) this.#countFailures(collector, MIXED, telemetry.mixing, reported);
  }

  #begin(collector: string, results: readonly string[]): void {
    for (const transport of this.#transports) {
      for (const result of results) this.metrics.packets.inc({ collector, result, transport }, 0);
    }
  }

  #count(collector: string, telemetry: Telemetry, counters: ReportedCounters): void {
    const { deliveredBytes = 0, clockSteps = 0, logLinesLost = 0, dropped } = telemetry;
    this.metrics.collectorDelivered.inc({ collector }, counters.rise('delivered', deliveredBytes));
    this.metrics.clockSteps.inc({ collector }, counters.rise('clock steps', clockSteps));
    this.metrics.logLinesLost.inc({ collector }, counters.rise('log lines', logLinesLost));
    for (const reason of LOSS_REASONS) {
      const bytes = counters.rise(`dropped ${reason}`, dropped[reason] ?? 0);
      this.metrics.collectorDropped.inc({ collector, reason }, bytes);
    }
  }

  /** Gauges of sources speak of those that the last heartbeat named, and of no others. */
  #replaceSources(collector: string, telemetry: Telemetry, reported: Reported): void {
    const { sourceUp, sourceLatched, collectorCertificateExpiry, mixingUp } = this.metrics;
    const { sources, mixing, pushCertificateExpiresAt } = telemetry;
    for (const source of [...reported.sources, MIXED, PUSH]) {
      for (const gauge of [sourceUp, sourceLatched, collectorCertificateExpiry]) {
        gauge.remove({ collector, source });
      }
    }
    mixingUp.remove({ collector });
    reported.sources = sources.map(({ name }) => name);
    for (const { name, up, state, certificateExpiresAt } of sources) {
      sourceUp.set({ collector, source: name }, up ? 1 : 0);
      sourceLatched.set({ collector, source: name }, state === LATCHED ? 1 : 0);
      if (certificateExpiresAt !== undefined) this.#expires(collector, name, certificateExpiresAt);
    }
    if (pushCertificateExpiresAt !== undefined) this.#expires(collector, PUSH, pushCertificateExpiresAt);
    if (mixing === undefined) return;
    mixingUp.set({ collector }, mixing.up ? 1 : 0);
    sourceLatched.set({ collector, source: MIXED }, mixing.state === LATCHED ? 1 : 0);
  }

  #expires(collector: string, source: string, at: number): void {
    this.metrics.collectorCertificateExpiry.set({ collector, source }, at / 1000);
  }

  /** A test that never failed is not reported; its counter begins at 0 all the same. */
  #countFailures(
    collector: string,
    source: string,
    { healthFailures, quarantines = 0 }: Pick<SourceTelemetry, 'healthFailures' | 'quarantines'>,
    { counters, series }: Reported,
  ): void {
    const none = Object.fromEntries(HEALTH_TESTS.map((test) => [test, 0]));
    for (const [test, count] of Object.entries({ ...none, ...healthFailures })) {
      const name = `${source} ${test}`;
      if (!hasRoom(series, name)) continue;
      this.metrics.healthFailures.inc({ collector, source, test }, counters.rise(name, count));
    }
    if (!hasRoom(series, source)) return;
    this.metrics.quarantines.inc({ collector, source }, counters.rise(source, quarantines));
  }

  #reportedBy(collector: string): Reported {
    const begin = (): Reported => ({ sources: [], counters: new ReportedCounters(), series: new Set() });
    return getOrMake(this.#reported, collector, begin);
  }
}

/** Whether `name` has a series, or can have one: a key holder could name new ones without end. */
function hasRoom(series: Set<string>, name: string): boolean {
  if (!series.has(name) && series.size >= MAX_SERIES) return false;
  series.add(name);
  return true;
}
