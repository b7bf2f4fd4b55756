/** The metrics of collectors. Their labels come from packets whose MAC held, and are bounded in number. */
import { Injectable } from '@nestjs/common';
import { MAX_SOURCES } from '#libs/crypto';
import type { SourceTelemetry, Telemetry } from '#libs/crypto';
import { HEALTH_TESTS } from '#libs/entropy';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { GatewaySettings, transportsOf } from '../settings.js';

/** This many (source, test) pairs of one collector have a series; a key holder could name new ones without end. */
const MAX_SERIES = MAX_SOURCES * 16;
/** A gap counts as this at most: a leap to 2^64 would leave a counter that no later gap can move. */
const MAX_GAP = 2 ** 32;

/** What can become of a packet before its MAC held, and after. */
const RESULTS = {
  unverified: ['malformed', 'crc', 'hmac', 'unready'],
  verified: ['accepted', 'stale', 'future', 'replay', 'conflict', 'full', 'unready'],
};

interface Reported {
  boot: bigint;
  sources: readonly string[];
  /** The highest count of each source and test that this boot reported. */
  readonly failures: Map<string, number>;
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
    this.metrics.missing.inc({ collector }, 0);
  }

  /** An accepted packet that skipped `missing` sequence numbers. */
  packet(collector: string, missing: bigint, now: number): void {
    const gap = missing > BigInt(MAX_GAP) ? MAX_GAP : Number(missing);
    this.metrics.missing.inc({ collector }, gap);
    this.metrics.lastPacket.set({ collector }, now / 1000);
  }

  /** A heartbeat that is not telemetry. */
  malformed(collector: string): void {
    this.metrics.telemetryMalformed.inc({ collector });
  }

  /** What a collector said of itself in its run `boot`. */
  telemetry(collector: string, boot: bigint, telemetry: Telemetry): void {
    const reported = this.#reportedBy(collector, boot);
    this.metrics.collectorBuffer.set({ collector }, telemetry.bufferBytes);
    for (const source of reported.sources) this.metrics.sourceUp.remove({ collector, source });
    reported.sources = telemetry.sources.map(({ name }) => name);
    for (const source of telemetry.sources) {
      this.metrics.sourceUp.set({ collector, source: source.name }, source.up ? 1 : 0);
      this.#countFailures(collector, source, reported);
    }
  }

  #begin(collector: string, results: readonly string[]): void {
    for (const transport of this.#transports) {
      for (const result of results) this.metrics.packets.inc({ collector, result, transport }, 0);
    }
  }

  /** The collector's counters begin at 0 with each boot, and a test that never failed is not listed; ours go on. */
  #countFailures(collector: string, source: SourceTelemetry, { failures, series }: Reported): void {
    const none = Object.fromEntries(HEALTH_TESTS.map((test) => [test, 0]));
    for (const [test, count] of Object.entries({ ...none, ...source.healthFailures })) {
      const name = `${source.name} ${test}`;
      if (!series.has(name) && series.size >= MAX_SERIES) continue;
      series.add(name);
      const before = failures.get(name) ?? 0;
      failures.set(name, Math.max(before, count));
      this.metrics.healthFailures.inc({ collector, source: source.name, test }, Math.max(0, count - before));
    }
  }

  #reportedBy(collector: string, boot: bigint): Reported {
    const known = this.#reported.get(collector) ?? {
      boot,
      sources: [],
      failures: new Map<string, number>(),
      series: new Set<string>(),
    };
    if (known.boot !== boot) known.failures.clear();
    known.boot = boot;
    this.#reported.set(collector, known);
    return known;
  }
}
