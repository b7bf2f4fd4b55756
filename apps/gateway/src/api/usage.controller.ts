/** `GET /api/usage`: what the key that asks has used today, and what it may still use. */
import { Controller, Get, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { UsageBook } from '../limits/usage-book.js';
import { Describe, objectOf } from './openapi.js';
import { NONE } from './parameters.js';
import { USAGE_EXAMPLE, USAGE_SCHEMA } from './usage.schema.js';

@ApiTags('status')
@ApiBearerAuth()
@Controller('api/usage')
export class UsageController {
  constructor(private readonly usage: UsageBook) {}

  @Get()
  @Describe({
    id: 'getUsage',
    summary: 'What this key has used today',
    description:
      'Requests that were admitted and bytes of entropy that were taken, in the current UTC day. Any key may ask.',
    parameters: NONE,
    content: objectOf(USAGE_SCHEMA, USAGE_EXAMPLE),
  })
  async read(@Req() request: FastifyRequest): Promise<object> {
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
