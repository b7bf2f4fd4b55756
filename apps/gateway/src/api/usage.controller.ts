/** `GET /api/usage`: what the API key of the request has used today, and what is left. */
import { Controller, Get, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { UsageBook } from '../limits/usage-book.js';
import { Describe } from './openapi.js';
import { NONE } from './parameters.js';
import { USAGE_EXAMPLE, UsageDto } from './usage.dto.js';

@ApiTags('status')
@ApiBearerAuth()
@Controller('api/usage')
export class UsageController {
  constructor(private readonly usage: UsageBook) {}

  @Get()
  @Describe({
    id: 'getUsage',
    summary: 'Usage of this API key today',
    description:
      'Requests accepted and bytes of entropy taken in the current UTC day. Open to every API key.',
    answer: 'The usage, and what is left.',
    of: { type: UsageDto, example: USAGE_EXAMPLE },
  })
  async read(@Req() request: FastifyRequest): Promise<UsageDto> {
    NONE.read(request);
    const { client } = request;
    if (client === undefined) throw new Error('ApiKeyGuard did not run');
    await this.usage.refresh(client.name);
    const { requests, bytes } = this.usage.of(client.name);
    const { bytesPerDay = null } = client;
    return {
      client: client.name,
      scopes: client.scopes,
      requests,
      bytes,
      bytesPerDay,
      bytesLeft: bytesPerDay === null ? null : this.usage.left(client.name, bytesPerDay),
      resetsAt: new Date(this.usage.resetsAt()).toISOString(),
    };
  }
}
