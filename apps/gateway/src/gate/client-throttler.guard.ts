/** Second guard of every route: the limits of the client, or those that Throttler's decorators set on the route. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Gate } from './gate.service.js';
import { RouteMetadata } from './route-metadata.js';
import { routeThrottle } from './route-throttle.js';
import type { RouteThrottle } from './route-throttle.js';

/** In the place of Throttler's own guard: docs/decisions/0009-our-own-throttler-guard.md says why. */
@Injectable()
export class ClientThrottlerGuard implements CanActivate {
  readonly #throttle: RouteMetadata<RouteThrottle>;

  constructor(
    reflector: Reflector,
    private readonly gate: Gate,
  ) {
    this.#throttle = new RouteMetadata((context) => routeThrottle(reflector, context));
  }

  canActivate(context: ExecutionContext): boolean {
    const throttle = this.#throttle.of(context);
    if (throttle === 'skip') return true;
    this.gate.limit(
      context.getArgByIndex<FastifyRequest>(0),
      context.getArgByIndex<FastifyReply>(1),
      throttle,
    );
    return true;
  }
}
