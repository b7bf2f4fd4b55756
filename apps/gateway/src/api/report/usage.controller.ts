/** `GET /api/usage`: what the API key of the request has used today, and what is left. */
import { Controller, Get, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Describe } from '../request/openapi.js';
import { NONE } from '../request/parameters.js';
import { USAGE_EXAMPLE, UsageDto } from './usage.dto.js';
import { UsageService } from './usage.service.js';

@ApiTags('status')
@ApiBearerAuth()
@Controller('api/usage')
export class UsageController {
  constructor(private readonly usage: UsageService) {}

  @Get()
  @Describe({
    id: 'getUsage',
    summary: 'Usage of this API key today',
    description:
      'Requests accepted and bytes of entropy taken in the current UTC day. Open to every API key.',
    answer: 'The usage, and what is left.',
    of: { type: UsageDto, example: USAGE_EXAMPLE },
  })
  read(@Req() request: FastifyRequest): UsageDto {
    NONE.read(request);
    return this.usage.report(request);
  }
}
