/** `GET /api/quality`: statistics of the bytes received lately, each beside what is expected, and in words. */
import { Controller, Get, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Scopes } from '../gate/scopes.decorator.js';
import { ReceivedQuality } from '../pool/received-quality.js';
import { Describe, objectOf } from './openapi.js';
import { NONE } from './parameters.js';
import { QUALITY_EXAMPLE, QUALITY_SCHEMA } from './quality.schema.js';

@ApiTags('status')
@Scopes('random', 'status')
@Controller('api/quality')
export class QualityController {
  constructor(private readonly quality: ReceivedQuality) {}

  @Get()
  @Describe({
    id: 'getQuality',
    summary: 'Statistics of the bytes received lately',
    description:
      'Of the first 8 KiB of each packet, over the last mebibyte of them at most; renewed with every 64 KiB, so that ' +
      'they tell nothing of single bytes.',
    parameters: NONE,
    content: objectOf(QUALITY_SCHEMA, QUALITY_EXAMPLE),
  })
  read(@Req() request: FastifyRequest): object {
    NONE.read(request);
    const { bytes, statistics, note } = this.quality.report();
    return { bytes, statistics: statistics ?? null, note };
  }
}
