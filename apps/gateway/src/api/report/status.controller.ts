/** `GET /api/status`: the pool, its feed, the collectors behind it, throughput, and warnings. */
import { Controller, Get, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Scopes } from '../../gate/scopes.decorator.js';
import { Describe } from '../request/openapi.js';
import { NONE } from '../request/parameters.js';
import { STATUS_EXAMPLE, StatusDto } from './status.dto.js';
import { StatusService } from './status.service.js';

@ApiTags('status')
@Scopes('status')
@Controller('api/status')
export class StatusController {
  constructor(private readonly status: StatusService) {}

  @Get()
  @Describe({
    id: 'getStatus',
    summary: 'State of the gateway',
    description: 'The pool, its feed, the collectors behind it, throughput, and warnings in words.',
    answer: 'The state of the gateway.',
    of: { type: StatusDto, example: STATUS_EXAMPLE },
  })
  read(@Req() request: FastifyRequest): Promise<StatusDto> {
    NONE.read(request);
    return this.status.report();
  }
}
