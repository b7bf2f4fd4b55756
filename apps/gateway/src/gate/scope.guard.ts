/** Third guard of every route: where @Scopes() says so, the API key needs one of these scopes. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Gate } from './gate.service.js';
import { RouteRules } from './route-rules.js';

@Injectable()
export class ScopeGuard implements CanActivate {
  constructor(
    private readonly rules: RouteRules,
    private readonly gate: Gate,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const { scopes } = this.rules.of(context);
    if (scopes !== undefined) this.gate.demandScope(context.getArgByIndex<FastifyRequest>(0), scopes);
    return true;
  }
}
