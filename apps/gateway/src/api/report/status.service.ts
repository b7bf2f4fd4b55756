/** What `GET /api/status` answers, for that route and for get_status of /mcp. */
import { Inject, Injectable } from '@nestjs/common';
import type { SourceTelemetry, Telemetry } from '#libs/crypto';
import { VERSION } from '#libs/version';
import { Clock } from '../../clock.js';
import { CollectorRegistry } from '../../collectors/collector-registry.js';
import type { CollectorStatus } from '../../collectors/collector-registry.js';
import { declareCall } from '../../link/call.js';
import type { Channel } from '../../link/channel.js';
import { HEAD } from '../../link/head.js';
import { Warnings } from '../../metrics/warnings.js';
import { EntropyService } from '../../pool/entropy.service.js';
import { isFed, secondsUntilEmpty, warnings } from './status-report.js';
import type { CollectorStatusDto, SourceStatusDto, StatusDto } from './status.dto.js';

/** Asks the head, which knows the collectors and all workers. */
export const STATUS = declareCall<undefined, StatusDto>('status');

@Injectable()
export class StatusService {
  readonly #startedAt: number;

  constructor(
    private readonly entropy: EntropyService,
    private readonly registry: CollectorRegistry,
    private readonly clock: Clock,
    private readonly others: Warnings,
    @Inject(HEAD) private readonly head?: Channel,
  ) {
    this.#startedAt = clock.now();
  }

  async report(): Promise<StatusDto> {
    if (this.head !== undefined) return this.head.call(STATUS, undefined);
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
      totals: this.entropy.totals(),
      collectors: collectors.map((collector) => describeCollector(collector, now)),
    };
  }
}

/** From its packets and its last heartbeat; null for what that did not say, and before the first one. */
function describeCollector(status: CollectorStatus, now: number): CollectorStatusDto {
  const said: Partial<Telemetry> = status.telemetry ?? {};
  const { version = null, bufferBytes = null, bufferCapacity = null, deliveredBytes = null } = said;
  const { clockSteps = null, logLinesLost = null, mixing = null, dropped = {}, sources = [] } = said;
  return {
    name: status.collector,
    runningSince: isoOrNull(said.startedAt ?? Number(status.boot)),
    lastPacketAt: new Date(status.lastPacketAt).toISOString(),
    secondsSinceLastPacket: seconds(now - status.lastPacketAt),
    packets: status.packets,
    bytes: status.bytes,
    missingPackets: String(status.missing),
    ...{ version, bufferBytes, bufferCapacity, deliveredBytes },
    droppedBytes: dropped,
    ...{ clockSteps, logLinesLost },
    pushCertificateExpiresAt: isoOrNull(said.pushCertificateExpiresAt),
    mixing,
    sources: sources.map(describeSource),
  };
}

function describeSource({ certificateExpiresAt, ...source }: SourceTelemetry): SourceStatusDto {
  const at = isoOrNull(certificateExpiresAt);
  return at === null ? source : { ...source, certificateExpiresAt: at };
}

/** Milliseconds as seconds, without the fractions of a millisecond that clocks have. */
function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}

/** Null for what is no date: a collector's boot can be any 64-bit number. */
function isoOrNull(ms: number | undefined): string | null {
  const date = new Date(ms ?? NaN);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
