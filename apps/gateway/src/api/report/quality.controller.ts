/** `GET /api/quality`: statistics of recently received bytes, each with its expected value and a verdict in words. */
import { Controller, Get, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Scopes } from '../../gate/scopes.decorator.js';
import { ReceivedQuality } from '../../pool/received/received-quality.js';
import { Describe } from '../request/openapi.js';
import { NONE } from '../request/parameters.js';
import { qualityReport } from './quality-report.js';
import { QUALITY_EXAMPLE, QualityDto } from './quality.dto.js';

@ApiTags('status')
@Scopes('random', 'status')
@Controller('api/quality')
export class QualityController {
  constructor(private readonly quality: ReceivedQuality) {}

  @Get()
  @Describe({
    id: 'getQuality',
    summary: 'Statistics of recently received bytes',
    description:
      'Covers a window of a mebibyte. Updated when the next window is full, at most once a second, and given with three ' +
      'digits, so that it reveals nothing about single bytes. Takes no entropy.',
    answer: 'The statistics, each with the expected value and a verdict.',
    of: { type: QualityDto, example: QUALITY_EXAMPLE },
  })
  read(@Req() request: FastifyRequest): QualityDto {
    NONE.read(request);
    return qualityReport(this.quality);
  }
}
