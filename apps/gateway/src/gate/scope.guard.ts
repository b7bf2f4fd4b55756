/** Third guard of every route: where @Scopes() says so, the API key needs one of these scopes. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { Scope } from '../clients/client.js';
import { Gate } from './gate.service.js';
import { RouteMetadata } from './route-metadata.js';
import { REQUIRED_SCOPES } from './scopes.decorator.js';

@Injectable()
export class ScopeGuard implements CanActivate {
  readonly #required: RouteMetadata<Scope[]>;

  constructor(
    reflector: Reflector,
    private readonly gate: Gate,
  ) {
    this.#required = new RouteMetadata((context) =>
      reflector.getAllAndOverride(REQUIRED_SCOPES, [context.getHandler(), context.getClass()]),
    );
  }

  canActivate(context: ExecutionContext): boolean {
    const required = this.#required.of(context);
    if (required !== undefined) this.gate.demandScope(context.getArgByIndex<FastifyRequest>(0), required);
    return true;
  }
}
