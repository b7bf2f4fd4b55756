/** `GET /metrics` in Prometheus' text format; with `QRNG_METRICS_TOKEN` it needs that token. */
import { Controller, Get, Inject, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { PrometheusController } from '@willsoto/nestjs-prometheus';
import type { FastifyReply } from 'fastify';
import { Public } from '../gate/public.decorator.js';
import type { Channel } from '../link/channel.js';
import { HEAD } from '../link/head.js';
import { GatewayMetrics, METRICS_TEXT } from '../metrics/gateway-metrics.js';
import { MetricsTokenGuard } from './metrics-token.guard.js';
import { paced } from './paced.js';

@ApiTags('health')
@ApiSecurity({})
@ApiBearerAuth()
@Public()
@UseGuards(MetricsTokenGuard)
@Controller('metrics')
export class MetricsController extends PrometheusController {
  /** Apart from other requests, which would move bytes from one counter to the next meanwhile. */
  readonly #text = paced(() => this.head?.call(METRICS_TEXT, undefined) ?? this.metrics.text());

  /** @param head knows the metrics of all workers. */
  constructor(
    private readonly metrics: GatewayMetrics,
    @Inject(HEAD) private readonly head?: Channel,
  ) {
    super();
  }

  @Get()
  @ApiOperation({
    operationId: 'getMetrics',
    summary: 'Metrics for Prometheus',
    description:
      'Open, unless QRNG_METRICS_TOKEN is set: then that token opens it, or a key with the scope metrics.',
  })
  @ApiOkResponse({
    description: 'The text format of Prometheus.',
    content: { 'text/plain': { schema: { type: 'string' }, example: 'qrng_pool_bytes 9437184\n' } },
  })
  override index(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    void reply.header('content-type', this.metrics.registry.contentType);
    return this.#text();
  }
}
