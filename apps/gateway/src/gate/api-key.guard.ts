/** First guard of every route: without @Public() it needs a valid API key. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Gate } from './gate.service.js';
import { RouteRules } from './route-rules.js';

@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly rules: RouteRules,
    private readonly gate: Gate,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (!this.rules.of(context).isPublic) this.gate.authenticate(context.getArgByIndex<FastifyRequest>(0));
    return true;
  }
}
