/** First guard of every route: without @Public() it needs a valid API key. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Gate } from './gate.service.js';
import { PUBLIC } from './public.decorator.js';
import { RouteMetadata } from './route-metadata.js';

@Injectable()
export class ApiKeyGuard implements CanActivate {
  readonly #open: RouteMetadata<boolean>;

  constructor(
    reflector: Reflector,
    private readonly gate: Gate,
  ) {
    this.#open = new RouteMetadata((context) =>
      reflector.getAllAndOverride(PUBLIC, [context.getHandler(), context.getClass()]),
    );
  }

  canActivate(context: ExecutionContext): boolean {
    if (this.#open.of(context) !== true) this.gate.authenticate(context.getArgByIndex<FastifyRequest>(0));
    return true;
  }
}
