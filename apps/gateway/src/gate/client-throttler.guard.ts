/** Second guard of every route: the limits of the client, or those that Throttler's decorators set on the route. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Gate } from './gate.service.js';
import { RouteRules } from './route-rules.js';

/** In the place of Throttler's own guard: docs/decisions/0009-our-own-throttler-guard.md says why. */
@Injectable()
export class ClientThrottlerGuard implements CanActivate {
  constructor(
    private readonly rules: RouteRules,
    private readonly gate: Gate,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const { throttle } = this.rules.of(context);
    if (throttle === 'skip') return true;
    this.gate.limit(
      context.getArgByIndex<FastifyRequest>(0),
      context.getArgByIndex<FastifyReply>(1),
      throttle,
    );
    return true;
  }
}
