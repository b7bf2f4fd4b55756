/** The global gate: every route that is not @Public() demands a valid API key. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Authenticator } from './authenticator.js';
import type { Client } from '../clients/client.js';
import { PUBLIC } from './public.decorator.js';
import { RouteMetadata } from './route-metadata.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set by ApiKeyGuard. */
    client: Client | undefined;
  }
}

@Injectable()
export class ApiKeyGuard implements CanActivate {
  readonly #open: RouteMetadata<boolean>;

  constructor(
    reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {
    this.#open = new RouteMetadata(reflector, PUBLIC);
  }

  canActivate(context: ExecutionContext): boolean | Promise<never> {
    if (this.#open.of(context) === true) return true;
    const request = context.getArgByIndex<FastifyRequest>(0);
    const client = this.authenticator.authenticate(request);
    if (client instanceof Promise) return client;
    request.client = client;
    return true;
  }
}
