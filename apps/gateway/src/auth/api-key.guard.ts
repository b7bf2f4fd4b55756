/** The global gate: every route that is not @Public() demands a valid API key. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { ApiError } from '../problem/api-error.js';
import { ApiKeys } from './api-keys.js';
import type { Client } from './api-keys.js';
import { bearerToken } from './bearer-token.js';
import { PUBLIC } from './public.decorator.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set by ApiKeyGuard. */
    client?: Client;
  }
}

@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly keys: ApiKeys,
    private readonly metrics: GatewayMetrics,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (
      this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, [
        context.getHandler(),
        context.getClass(),
      ])
    ) {
      return true;
    }
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const key = bearerToken(request);
    const client = key === undefined ? undefined : this.keys.find(key);
    if (client === undefined) {
      this.metrics.authFailures.inc();
      throw new ApiError('unauthorized', 'Send a valid API key as Authorization: Bearer KEY.', {
        headers: { 'www-authenticate': 'Bearer' },
      });
    }
    request.client = client;
    return true;
  }
}
