/** What `GET /api/status` answers, for that route and for get_status of /mcp. */
import { Injectable } from '@nestjs/common';
import { VERSION } from '#libs/version';
import { Clock } from '../clock.js';
import { CollectorRegistry } from '../collectors/collector-registry.js';
import type { CollectorStatus } from '../collectors/collector-registry.js';
import { Warnings } from '../metrics/warnings.js';
import { EntropyService } from '../pool/entropy.service.js';
import { isFed, secondsUntilEmpty, warnings } from './status-report.js';
import type { CollectorStatusDto, StatusDto } from './status.dto.js';

@Injectable()
export class StatusService {
  readonly #startedAt: number;

  constructor(
    private readonly entropy: EntropyService,
    private readonly registry: CollectorRegistry,
    private readonly clock: Clock,
    private readonly others: Warnings,
  ) {
    this.#startedAt = clock.now();
  }

  /** The state of the gateway now. */
  report(): StatusDto {
    const now = this.clock.now();
    const level = this.entropy.level();
    const throughput = this.entropy.throughput();
    const collectors = this.registry.collectors();
    const input = { level, throughput, collectors, now, fault: this.entropy.fault() };
    return {
      warnings: [...warnings(input), ...this.others.all()],
      version: VERSION,
      startedAt: new Date(this.#startedAt).toISOString(),
      pool: {
        bytes: level.bytes,
        capacity: level.capacity,
        oldestAgeSeconds: seconds(level.oldestAgeMs),
        ready: this.entropy.isReady(),
        secondsUntilEmpty: secondsUntilEmpty(input),
      },
      feed: {
        fed: isFed(input),
        secondsSinceLastEntropy: throughput.idleMs === undefined ? null : seconds(throughput.idleMs),
      },
      throughput: {
        inBytesPerSecond: Math.round(throughput.in),
        outBytesPerSecond: Math.round(throughput.out),
      },
      collectors: collectors.map((collector) => describeCollector(collector, now)),
    };
  }
}

function describeCollector(status: CollectorStatus, now: number): CollectorStatusDto {
  const { telemetry } = status;
  return {
    name: status.collector,
    runningSince: iso(Number(status.boot)),
    lastPacketAt: new Date(status.lastPacketAt).toISOString(),
    secondsSinceLastPacket: seconds(now - status.lastPacketAt),
    packets: status.packets,
    bytes: status.bytes,
    missingPackets: String(status.missing),
    version: telemetry?.version ?? null,
    bufferBytes: telemetry?.bufferBytes ?? null,
    bufferCapacity: telemetry?.bufferCapacity ?? null,
    sources: telemetry?.sources ?? [],
  };
}

/** Milliseconds as seconds, without the fractions of a millisecond that clocks have. */
function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}

/** Null for what is no date: a collector's boot can be any 64-bit number. */
function iso(ms: number): string | null {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
