/** What `GET /api/usage` answers, for that route and for get_usage of /mcp. */
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { clientOf } from '../../limits/quotas.js';
import { UsageBook } from '../../limits/usage-book.js';
import type { UsageDto } from './usage.dto.js';

@Injectable()
export class UsageService {
  constructor(private readonly usage: UsageBook) {}

  report(request: FastifyRequest): UsageDto {
    const client = clientOf(request);
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
