/** `GET /api/status`: is it fed, by whom, since when, how full, how fast in and out, when would it be empty. */
import { Controller, Get, Inject, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Scopes } from '../gate/scopes.decorator.js';
import { Clock } from '../clock.js';
import { CollectorRegistry } from '../collectors/collector-registry.js';
import type { CollectorStatus } from '../collectors/collector-registry.js';
import { EntropyService } from '../pool/entropy.service.js';
import type { RedisConnection } from '../redis/redis-connection.js';
import { REDIS } from '../redis/redis.module.js';
import { Describe, objectOf } from './openapi.js';
import { NONE } from './parameters.js';
import { isFed, secondsUntilEmpty, warnings } from './status-report.js';
import { STATUS_EXAMPLE, STATUS_SCHEMA } from './status.schema.js';

@ApiTags('status')
@Scopes('status')
@Controller('api/status')
export class StatusController {
  readonly #startedAt: number;

  constructor(
    private readonly entropy: EntropyService,
    private readonly registry: CollectorRegistry,
    private readonly clock: Clock,
    @Inject(REDIS) private readonly redis: RedisConnection | undefined,
  ) {
    this.#startedAt = clock.now();
  }

  @Get()
  @Describe({
    id: 'getStatus',
    summary: 'How the gateway is',
    description: 'The pool, its feed, the collectors behind it, throughput, and warnings in words.',
    parameters: NONE,
    content: objectOf(STATUS_SCHEMA, STATUS_EXAMPLE),
  })
  read(@Req() request: FastifyRequest): object {
    NONE.read(request);
    const now = this.clock.now();
    const level = this.entropy.level();
    const throughput = this.entropy.throughput();
    const collectors = this.registry.collectors();
    const redisWarnings = this.redis?.warnings ?? [];
    const input = { level, throughput, collectors, now, fault: this.entropy.fault(), redisWarnings };
    return {
      warnings: warnings(input),
      startedAt: iso(this.#startedAt),
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

function describeCollector(status: CollectorStatus, now: number): object {
  const { telemetry } = status;
  return {
    name: status.collector,
    runningSince: iso(Number(status.boot)),
    lastPacketAt: iso(status.lastPacketAt),
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

/** Milliseconds as seconds; clocks are read to less than a millisecond, which says nothing here. */
function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}

/** A collector's boot is any 64-bit number that its key holder likes. */
function iso(ms: number): string | null {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
