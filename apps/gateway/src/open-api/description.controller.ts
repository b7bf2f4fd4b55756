/** `GET /v1/capabilities` and `GET /v1/healthtest` of the QRNG Open API: what the server has, and how its tests stand. */
import { Controller, Get, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Clock } from '../clock.js';
import { CollectorRegistry } from '../collectors/collector-registry.js';
import { Scopes } from '../gate/scopes.decorator.js';
import { ReceivedQuality } from '../pool/received/received-quality.js';
import { GatewaySettings } from '../settings.js';
import { ENTROPY_TYPE, MAX_BLOCK_BYTES, MAX_BLOCKS } from './blocks.dto.js';
import { CAPABILITIES_EXAMPLE, CapabilitiesDto } from './capabilities.dto.js';
import { HEALTH_TEST_EXAMPLE, HealthTestDto } from './health-test.dto.js';
import { refuseQuery } from './refuse-query.js';
import { sourceResults, statisticResults, TEST_TYPES, timestamp } from './test-results.js';
import type { Heartbeat } from './test-results.js';

@ApiTags('QRNG Open API')
@Scopes('random', 'status')
@Controller('v1')
export class DescriptionController {
  readonly #startedAt: number;

  constructor(
    private readonly settings: GatewaySettings,
    private readonly clock: Clock,
    private readonly registry: CollectorRegistry,
    private readonly quality: ReceivedQuality,
  ) {
    this.#startedAt = clock.now();
  }

  @Get('capabilities')
  @ApiOperation({
    operationId: 'getCapabilities',
    summary: 'What this server offers',
    description: 'Sizes and numbers of blocks, types of entropy, health tests, and the number of sources.',
  })
  @ApiOkResponse({ description: 'The capabilities.', type: CapabilitiesDto, example: CAPABILITIES_EXAMPLE })
  capabilities(@Req() request: FastifyRequest): CapabilitiesDto {
    refuseQuery(request);
    const max = this.settings.QRNG_MAX_REQUEST_BYTES;
    const time_stamp = timestamp(this.#startedAt);
    return {
      entropy: {
        min_block_size: 1,
        max_block_size: Math.min(MAX_BLOCK_BYTES, max),
        min_block_count: 1,
        max_block_count: Math.min(MAX_BLOCKS, max),
        entropy_types: [ENTROPY_TYPE],
        extensions: [{ name: 'qrng-dd.max_bytes', value: max }],
      },
      healthtest: { test_threshold: TEST_TYPES.map((test_type) => ({ test_type, time_stamp })) },
      source_count: this.#heartbeats().reduce((sum, { telemetry }) => sum + telemetry.sources.length, 0),
    };
  }

  @Get('healthtest')
  @ApiOperation({
    operationId: 'getHealthTest',
    summary: 'Results of the health tests',
    description: 'Tests that run on every source all the time, and statistics of recently received bytes.',
  })
  @ApiOkResponse({ description: 'The results.', type: HealthTestDto, example: HEALTH_TEST_EXAMPLE })
  healthTest(@Req() request: FastifyRequest): HealthTestDto {
    refuseQuery(request);
    const results = [
      ...sourceResults(this.#heartbeats()),
      ...statisticResults(this.quality.report().statistics, this.clock.now()),
    ];
    const verdicts = Object.fromEntries(results.map(({ result, verdict }) => [result.test_type, verdict]));
    return {
      test_result: results.map(({ result }) => result),
      extensions: [{ name: 'qrng-dd.verdict', value: verdicts }],
    };
  }

  #heartbeats(): Heartbeat[] {
    return this.registry.collectors().flatMap(({ telemetry, telemetryAt }) => {
      return telemetry === undefined || telemetryAt === undefined ? [] : [{ telemetry, telemetryAt }];
    });
  }
}
